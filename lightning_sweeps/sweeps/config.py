"""The sweep file: W&B's format and our additional keys, as pydantic models. All errors are reported at once.

docs/sweep-file.md explains each key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationError

from lightning_sweeps.core.macros import ARGUMENT_FORMS, ArgumentForm
from lightning_sweeps.errors import Fault, SweepFileError, UsageError
from lightning_sweeps.messages import Goal
from lightning_sweeps.sweeps import checks, yaml11, yaml12
from lightning_sweeps.sweeps.distributions import Parameter
from lightning_sweeps.sweeps.early_terminate import EarlyTerminate, model_of
from lightning_sweeps.sweeps.expression import ExpressionError, parse
from lightning_sweeps.sweeps.fields import (
    AnyText,
    Count,
    CountOrZero,
    Integer,
    Number,
    Positive,
    Section,
    Text,
    member_of,
    one_of,
    published,
    refuse,
    shown,
)
from lightning_sweeps.sweeps.file_errors import Sections, faults_of
from lightning_sweeps.sweeps.limits import Budget, StopWhen
from lightning_sweeps.sweeps.methods import BUILT_IN, METHODS
from lightning_sweeps.sweeps.methods.random import MAX_CONSTRAINED_DRAWS, is_empty
from lightning_sweeps.sweeps.python_config import to_plain
from lightning_sweeps.sweeps.repeats import Repeats, RepeatsKey
from lightning_sweeps.sweeps.space import Space
from lightning_sweeps.sweeps.wandb_scheduler import translate
from lightning_sweeps.sweeps.yaml12 import Path
from lightning_sweeps.sweeps.yaml_versions import YAML_VERSIONS, YamlVersion

DEFAULT_MAX_FAILURES = 5
DEFAULT_RETRY = 1
MAX_GRID = 1_000_000
"""Maximum size of a grid with conditions or constraints: finding an allowed point may examine every combination."""

IGNORED_KEYS: dict[str, str] = {
    "job": "trials run `program` or `command`",
    "image_uri": "trials run `program` or `command`",
    "launch": "trials run `program` or `command`",
    "controller": "the server is always the controller",
    "apiVersion": "it has no meaning for this server",
    "kind": "it has no meaning for this server",
    "settings": "it has no meaning for this server",
    "entity": "projects of this server have no owner",
}
"""Keys of W&B's format that are ignored with a warning, and the reason."""

YAML_SCHEMA = published(enum=[*YAML_VERSIONS, *map(float, YAML_VERSIONS)])
COMMAND_SCHEMA = published(type="array", minItems=1, items={"type": ["string", "number", "boolean"]})

ARGUMENTS_SCHEMA = published(
    anyOf=[{"enum": list(ARGUMENT_FORMS)}, {"type": "array", "items": {"type": ["string", "number", "boolean"]}}]
)


def _command(value: object) -> object:
    if not isinstance(value, list) or not value:
        raise refuse(f"is {shown(value)}, allowed: a list of words, for example [python, train.py, ${{args}}]")
    return _words(value)


def _words(value: list[object]) -> list[str]:
    tokens = []
    for position, token in enumerate(value):
        if not isinstance(token, str | int | float):
            advice = "remove the empty entry, or put it in quotes" if token is None else "put it in quotes"
            raise refuse(f"has {shown(token)} as word {position + 1}, allowed: strings; {advice}")
        tokens.append(str(token))
    return tokens


def _version(value: object) -> object:
    if str(value) not in YAML_VERSIONS:
        raise refuse(f"is {shown(value)}, allowed: {', '.join(YAML_VERSIONS)}")
    return str(value)


def _arguments(value: object) -> object:
    if isinstance(value, list):
        return _words(value)
    if isinstance(value, str) and value in ARGUMENT_FORMS:
        return value
    allowed = f"{', '.join(ARGUMENT_FORMS)}, or a list of words that each trial gets, for example [--epochs=5]"
    raise refuse(f"is {shown(value)}, allowed: {allowed}")


def _modules(value: object) -> object:
    if not isinstance(value, list):
        raise refuse(f"is {shown(value)}, allowed: a list of modules, for example [pandas, torchvision.transforms]")
    for name in value:
        if not isinstance(name, str) or not all(word.isidentifier() for word in name.split(".")):
            raise refuse(f"has {shown(name)}, allowed: names of modules, as in an `import` statement")
    return value


def _launchers(value: object) -> object:
    if not isinstance(value, dict):
        raise refuse(f"is {shown(value)}, allowed: a map, for example {{slurm: {{partition: gpu}}}}")
    for name, options in value.items():
        if not isinstance(options, dict) or not all(_is_option(one) for one in options.values()):
            raise refuse(f"has {shown(options)} for `{name}`, allowed: a map of options to text, numbers or lists")
    return value


def _is_option(value: object) -> bool:
    return all(isinstance(one, str | int | float) for one in (value if isinstance(value, list) else [value]))


def _constraints(value: object) -> object:
    if not isinstance(value, list):
        raise refuse(f'is {shown(value)}, allowed: a list of conditions, for example ["width * depth < 4096"]')
    for position, text in enumerate(value):
        if not isinstance(text, str):
            raise refuse(f"has {shown(text)} as entry {position + 1}, allowed: conditions in quotes")
        try:
            parse(text)
        except ExpressionError as error:
            raise refuse(f"entry {position + 1} {error}") from error
    return value


class Metric(Section):
    """The metric that the sweep optimizes."""

    name: Text
    goal: Annotated[Goal, BeforeValidator(one_of("minimize", "maximize"))] = "minimize"
    target: Number | None = None
    impute: Annotated[Literal["worst", "best", "latest"], BeforeValidator(one_of("worst", "best", "latest"))] = "worst"
    impute_while_running: Annotated[
        Literal[False, "best", "worst", "latest"], BeforeValidator(one_of(False, "best", "worst", "latest"))
    ] = False


class Resources(Section):
    """The resources of one trial. None: the agent decides (one process for each GPU of its slot)."""

    processes: Count | None = None
    gpus: CountOrZero | None = None
    nodes: Count = 1
    launchers: Annotated[dict[str, dict[str, Any]], BeforeValidator(_launchers)] = Field(default_factory=dict)


class SweepConfig(Section):
    """A checked sweep file."""

    method: Annotated[str, BeforeValidator(member_of(METHODS)), published(enum=list(BUILT_IN))]
    parameters: Annotated[dict[str, Parameter], Field(min_length=1)]
    metric: Metric | None = None
    metrics: Annotated[list[Metric] | None, Field(min_length=2)] = None
    program: Text | None = None
    command: Annotated[list[str], BeforeValidator(_command), COMMAND_SCHEMA] | None = None
    early_terminate: EarlyTerminate | None = None
    run_cap: Count | None = None
    name: AnyText = ""
    description: AnyText = ""
    project: Text | None = None
    seed: Integer | None = None
    resources: Resources = Resources()
    max_failures: Count = DEFAULT_MAX_FAILURES
    retry: CountOrZero = DEFAULT_RETRY
    max_preemptions: CountOrZero | None = None
    preload: Annotated[list[str], BeforeValidator(_modules)] = Field(default_factory=list)
    timeout: Positive | None = None
    constraints: Annotated[list[str], BeforeValidator(_constraints)] = Field(default_factory=list)
    args: Annotated[ArgumentForm | list[str], BeforeValidator(_arguments), ARGUMENTS_SCHEMA] = "wandb"
    yaml: Annotated[YamlVersion, BeforeValidator(_version), YAML_SCHEMA] | None = None
    budget: Budget | None = None
    stop_when: StopWhen | None = None
    repeats: RepeatsKey = Repeats()

    @property
    def primary(self) -> Metric | None:
        """The metric that trials are judged and ranked by: the only one, or the first of several."""
        return self.metrics[0] if self.metrics else self.metric

    @property
    def goal(self) -> Goal:
        return self.primary.goal if self.primary else "minimize"


def _sections(raw: dict[str, Any]) -> Sections:
    """Return the model of each map in the file, for messages about its keys."""
    several = raw.get("metrics")
    return {
        (): SweepConfig,
        ("metric",): Metric,
        ("resources",): Resources,
        ("budget",): Budget,
        ("stop_when",): StopWhen,
        ("repeats",): Repeats,
        ("early_terminate",): model_of(raw.get("early_terminate")),
        **{("metrics", index): Metric for index in range(len(several) if isinstance(several, list) else 0)},
    }


@dataclass(frozen=True, slots=True)
class ParsedSweep:
    """A checked sweep file.

    Attributes:
        config: the file as a model.
        raw: the file as a map, without ignored keys.
        warnings: keys that are ignored or probably mistakes.
    """

    config: SweepConfig
    raw: dict[str, Any]
    warnings: list[str] = field(default_factory=list)


def load_sweep_file(path: str | FilePath, *, version: YamlVersion | None = None) -> ParsedSweep:
    """Read and check a sweep file.

    Args:
        path: path of the file.
        version: the version of YAML to read it with; None: the file's `yaml`, by default 1.2.

    Raises:
        UsageError: the file cannot be read.
        SweepFileError: the file has errors; all of them are listed.
    """
    try:
        text = FilePath(path).read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"the sweep file `{path}` cannot be read: {error.strerror or error}",
            hint="check the path; `lightning-sweeps docs sweep-file` has an example to start from",
        ) from error
    except UnicodeDecodeError as error:
        raise UsageError(f"the sweep file `{path}` is not UTF-8 text: {error.reason}") from error
    return parse_sweep(text, source=str(path), version=version)


def parse_sweep(text: str, source: str = "sweep.yaml", *, version: YamlVersion | None = None) -> ParsedSweep:
    """Read and check the text of a sweep file.

    Args:
        text: the text.
        source: the name of the file, for messages.
        version: the version of YAML to read it with; None: the file's `yaml`, by default 1.2.

    Raises:
        SweepFileError: all errors, each with its line.
    """
    document = yaml12.read(text, version or "1.2")
    if document.faults and document.value is None:
        raise SweepFileError(document.faults, source=source)
    stated = document.value.get("yaml") if isinstance(document.value, dict) else None
    if version is None and str(stated) == "1.1":
        document = yaml12.read(text, "1.1")
    parsed = _check(document, source)
    if version is None and stated is None:
        unclear = [found for path, found in document.ambiguities.items() if _matters(path, found)]
        parsed.warnings.extend(yaml11.warnings(unclear))
    return parsed


def _matters(path: Path, found: yaml11.Ambiguity) -> bool:
    """Return whether the file means something else in W&B. Where only a number is allowed, W&B rejects a string."""
    takes_text = path[0] == "command" or "value" in path or "values" in path
    return takes_text or isinstance(found.core, str) or not isinstance(found.old, str)


def validate(raw: Mapping[str, Any], source: str = "sweep") -> ParsedSweep:
    """Check a sweep that is a map, not a file. It may have tuples, ranges, and numpy's scalars and arrays.

    Raises:
        SweepFileError: all errors, with line 0.
    """
    return _check(yaml12.Document(value=to_plain(raw)), source)


def read_config(raw: dict[str, Any]) -> SweepConfig:
    """Return the configuration of a stored sweep, which was checked when the sweep was created.

    Raises:
        UsageError: a search method or stopping rule of the sweep is not installed here.
    """
    try:
        return SweepConfig.model_validate({key: value for key, value in raw.items() if key not in IGNORED_KEYS})
    except ValidationError as error:
        faults = faults_of(error, raw, yaml12.Document(value=raw), _sections(raw))
        raise UsageError(
            f"the stored sweep cannot be read: {'; '.join(map(str, faults))}",
            hint="install the package that adds its search method or stopping rule",
        ) from error


def _check(document: yaml12.Document, source: str) -> ParsedSweep:
    given = document.value
    if not isinstance(given, dict):
        message = "is empty" if given is None else f"is {shown(given)}"
        message = f"the file {message}, allowed: a map with at least the keys `method` and `parameters`"
        raise SweepFileError([*document.faults, Fault(document.line(()), "", message)], source=source)
    anchors = {str(path[0]) for path in document.shared if path} - SweepConfig.model_fields.keys()
    reasons = IGNORED_KEYS | dict.fromkeys(anchors, "it only holds what other keys take from it with `*`")
    translation = translate({key: value for key, value in given.items() if key not in reasons})
    raw = translation.raw
    faults = [*document.faults]
    faults += [Fault(document.line(path), yaml12.dotted(path), message) for path, message in translation.faults]
    config = None
    try:
        config = SweepConfig.model_validate(raw)
    except ValidationError as error:
        translated = [yaml12.dotted(path) for path, _ in translation.faults]
        faults += [fault for fault in faults_of(error, raw, document, _sections(raw)) if fault.key not in translated]
    known = [fault.key for fault in faults]
    faults += [fault for fault in checks.check_keys(raw, document) if fault.key not in known]
    if config is not None and not faults and (message := _space_error(config)):
        faults.append(Fault(document.line(("constraints",)), "constraints", message))
    if faults or config is None:
        raise SweepFileError(sorted(faults, key=lambda fault: (fault.line, fault.key)), source=source)
    ignored = [f"`{key}` is ignored: {reasons[key]}" for key in given if key in reasons]
    return ParsedSweep(config, raw, [*ignored, *translation.warnings, *checks.warnings(raw)])


def _space_error(config: SweepConfig) -> str:
    """Return what is wrong with the restricted space as a whole, or an empty string."""
    space = Space.of(config.parameters, config.constraints)
    is_exhaustive = METHODS.get(config.method).is_exhaustive
    if is_exhaustive and space.is_restricted and (space.size or 0) > MAX_GRID:
        return f"and `when` are too slow in a grid of {space.size} combinations, allowed: {MAX_GRID}"
    if is_empty(space):
        return f"leave no point: none of {MAX_CONSTRAINED_DRAWS} random points meets all of them; loosen them"
    return ""
