"""The options of a launcher, as a pydantic model that parses and describes them.

A separate module, because pydantic takes a tenth of a second to import and most agents have no launcher.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from typing_extensions import Self

from lightning_sweeps.errors import UsageError

IN_SWEEP_FILE: dict[str, Any] = {"in_sweep_file": True}
"""`json_schema_extra` of an option that a sweep file may set, because it only says what a job needs. Everything else,
such as hosts and commands, is the decision of the person who submits: a sweep file may come from someone else."""


class LauncherOptions(BaseModel):
    """Base class of the options of a launcher: one field for each option, each with a description.

    `agent --on NAME` has each of them: the option `max_jobs` is `--max-jobs`. An option of type `list[str]` may be
    given several times. A field with `json_schema_extra=IN_SWEEP_FILE` may also stand in a sweep file.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_jobs: int = Field(
        default=1, ge=1, description="Number of jobs, each with the agents of one machine (default: 1)."
    )

    @property
    def job_count(self) -> int:
        """Number of jobs to submit."""
        return self.max_jobs

    @classmethod
    def parse(cls, launcher: str, given: Mapping[str, Sequence[str]]) -> Self:
        """Parse the user's options.

        Args:
            launcher: the launcher's name, for messages.
            given: the values given for each option, in order.

        Raises:
            UsageError: an option is unknown, missing or wrong; the message lists all options.
        """
        values: dict[str, Any] = {}
        for option, texts in given.items():
            field = cls.model_fields.get(option)
            if field is None:
                raise UsageError(f"the launcher `{launcher}` has no option `{option}`, allowed:{cls.describe()}")
            if get_origin(field.annotation) is list:
                values[option] = list(texts)
            elif len(texts) > 1:
                raise UsageError(
                    f"the option `{option}` of the launcher `{launcher}` was given {len(texts)} times, allowed: once"
                )
            else:
                values[option] = texts[0]
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise UsageError(f"{_explain(launcher, error)}; options:{cls.describe()}") from None

    @classmethod
    def of_sweep(cls, launcher: str, config: Mapping[str, Any]) -> dict[str, list[str]]:
        """Return the options that a sweep's configuration has for this launcher, in the form that `parse` takes.

        Raises:
            UsageError: the sweep sets an option that only the command line may set, or that does not exist.
        """
        sections = (config.get("resources") or {}).get("launchers") or {}
        given: dict[str, list[str]] = {}
        for option, value in (sections.get(launcher) or {}).items():
            if option not in cls.allowed_in_sweep():
                raise UsageError(
                    f"the sweep sets `resources.launchers.{launcher}.{option}`,"
                    f" allowed there: {', '.join(cls.allowed_in_sweep()) or 'nothing'}",
                    hint="give other options on the command line",
                )
            given[option] = [str(one) for one in (value if isinstance(value, list) else [value])]
        return given

    @classmethod
    def allowed_in_sweep(cls) -> list[str]:
        """Return the names of the options that a sweep file may set."""
        return [name for name, field in cls.model_fields.items() if field.json_schema_extra == IN_SWEEP_FILE]

    @classmethod
    def describe(cls) -> str:
        """Return one line for each option, or `none`."""
        lines = [f"\n  {option}: {field.description or ''}" for option, field in cls.model_fields.items()]
        return "".join(lines) or " none"


def _explain(launcher: str, error: ValidationError) -> str:
    """Return the first fault as one sentence."""
    fault = error.errors(include_url=False)[0]
    option = str(fault["loc"][0]) if fault["loc"] else ""
    if fault["type"] == "missing":
        return f"the launcher `{launcher}` needs the option `{option}`"
    reason = fault["msg"].removeprefix("Value error, ")
    return f"`{option}={fault['input']}` was given for the launcher `{launcher}`: {reason}"
