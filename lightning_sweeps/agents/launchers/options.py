"""The options of a launcher, as a pydantic model that parses and describes them.

A separate module, because pydantic takes a tenth of a second to import and most agents have no launcher.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError
from typing_extensions import Self

from lightning_sweeps.errors import UsageError


class LauncherOptions(BaseModel):
    """Base class of the options of a launcher: one field for each option, each with a description.

    A user gives them as `--launcher-option name=value`. An option of type `list[str]` may be given several times.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

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
