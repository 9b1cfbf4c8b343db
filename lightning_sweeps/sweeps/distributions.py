"""Models of one parameter in a sweep file, one for each set of keys. Parameters may be nested in maps."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator
from typing_extensions import Self

from lightning_sweeps.sweeps.expression import ExpressionError, parse
from lightning_sweeps.sweeps.fields import Integer, NotNegative, Number, Plain, Positive, Section, plain, refuse, shown
from lightning_sweeps.sweeps.yaml12 import Path

PROBABILITY_TOLERANCE = 1e-6


def _values(value: object) -> object:
    if not isinstance(value, list) or not value:
        raise refuse(f"is {shown(value)}, allowed: a list of at least one value")
    return plain(value)


def _condition(value: object) -> object:
    if not isinstance(value, str):
        raise refuse(f"is {shown(value)}, allowed: a condition in quotes, for example \"optimizer == 'sgd'\"")
    try:
        parse(value)
    except ExpressionError as error:
        raise refuse(str(error)) from error
    return value


ConditionText = Annotated[str, BeforeValidator(_condition)]


class Conditional(Section):
    """A parameter that is part of a parameter set only if the condition `when` holds."""

    when: ConditionText | None = None


class Constant(Conditional):
    """A fixed value of any type. It is not searched."""

    distribution: Literal["constant"] = "constant"
    value: Plain


class Categorical(Conditional):
    """One of `values`, all with the same probability."""

    distribution: Literal["categorical"] = "categorical"
    values: Annotated[list[Any], BeforeValidator(_values)]


class WeightedCategorical(Conditional):
    """One of `values`, with the given `probabilities`."""

    distribution: Literal["categorical_w_probabilities"] = "categorical_w_probabilities"
    values: Annotated[list[Any], BeforeValidator(_values)]
    probabilities: list[NotNegative]

    @model_validator(mode="after")
    def _check(self) -> Self:
        given, wanted = len(self.probabilities), len(self.values)
        if given != wanted:
            raise refuse(f"`probabilities` has {given} numbers for {wanted} `values`, allowed: one for each value")
        total = math.fsum(self.probabilities)
        if abs(total - 1) > PROBABILITY_TOLERANCE:
            raise refuse(f"`probabilities` has the sum {total:g}, allowed: 1")
        return self


class _Bounded(Conditional):
    min: Number
    max: Number

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.min >= self.max:
            raise refuse(f"`min` is `{self.min}` and `max` is `{self.max}`, allowed: `min` below `max`")
        _check_range(self)
        return self


class _BoundedAboveZero(_Bounded):
    min: Positive
    max: Positive


class IntUniform(_Bounded):
    """A whole number from `min` to `max`, both included."""

    distribution: Literal["int_uniform"] = "int_uniform"
    min: Integer
    max: Integer


class Uniform(_Bounded):
    """A number from `min` to `max`."""

    distribution: Literal["uniform"] = "uniform"


class QUniform(_Bounded):
    """`min`, `max`, or a multiple of `q` between them."""

    distribution: Literal["q_uniform"]
    q: Positive = 1


class LogUniform(_Bounded):
    """A number with a natural logarithm that is uniform from `min` to `max`; if inverse, from `-max` to `-min`."""

    distribution: Literal["log_uniform", "inv_log_uniform"]


class LogUniformValues(_BoundedAboveZero):
    """A number from `min` to `max` with a uniform logarithm."""

    distribution: Literal["log_uniform_values", "inv_log_uniform_values"]


class QLogUniform(_Bounded):
    """Like `log_uniform`, at multiples of `q`."""

    distribution: Literal["q_log_uniform"]
    q: Positive = 1


class QLogUniformValues(_BoundedAboveZero):
    """Like `log_uniform_values`, at multiples of `q`."""

    distribution: Literal["q_log_uniform_values"]
    q: Positive = 1


class Normal(Conditional):
    """A normally or log-normally distributed number."""

    distribution: Literal["normal", "log_normal"]
    mu: Number = 0
    sigma: Positive = 1

    @model_validator(mode="after")
    def _check(self) -> Self:
        _check_range(self)
        return self


class QNormal(Normal):
    """Like `normal` and `log_normal`, at multiples of `q`."""

    distribution: Literal["q_normal", "q_log_normal"]  # type: ignore[assignment]
    q: Positive = 1


class Beta(Conditional):
    """A number from 0 to 1 with the beta distribution."""

    distribution: Literal["beta"]
    a: Positive = 1
    b: Positive = 1


class QBeta(Beta):
    """Like `beta`, at multiples of `q`."""

    distribution: Literal["q_beta"]  # type: ignore[assignment]
    q: Positive = 1


class Nested(Section):
    """A map of parameters, to any depth."""

    parameters: Annotated[dict[str, Parameter], Field(min_length=1)]


Leaf = (
    Constant
    | Categorical
    | WeightedCategorical
    | IntUniform
    | Uniform
    | QUniform
    | LogUniform
    | LogUniformValues
    | QLogUniform
    | QLogUniformValues
    | Normal
    | QNormal
    | Beta
    | QBeta
)

MODELS: dict[str, type[Section]] = {
    "constant": Constant,
    "categorical": Categorical,
    "categorical_w_probabilities": WeightedCategorical,
    "int_uniform": IntUniform,
    "uniform": Uniform,
    "q_uniform": QUniform,
    "log_uniform": LogUniform,
    "log_uniform_values": LogUniformValues,
    "q_log_uniform": QLogUniform,
    "q_log_uniform_values": QLogUniformValues,
    "inv_log_uniform": LogUniform,
    "inv_log_uniform_values": LogUniformValues,
    "normal": Normal,
    "q_normal": QNormal,
    "log_normal": Normal,
    "q_log_normal": QNormal,
    "beta": Beta,
    "q_beta": QBeta,
}
"""The model of each `distribution`."""

GRID_DISTRIBUTIONS = (
    "constant",
    "categorical",
    "int_uniform",
    "q_uniform",
    "q_log_uniform",
    "q_log_uniform_values",
    "q_beta",
)
"""The distributions with a finite set of values."""


def exponents_of(distribution: str, low: float, high: float) -> tuple[float, float]:
    """Return the logarithms of the lowest and the highest value of a distribution whose bounds are exponents of e.

    The inverse of a value of `inv_log_uniform` has its logarithm between the bounds.
    """
    return (float(-high), float(-low)) if distribution == "inv_log_uniform" else (float(low), float(high))


def form_of(raw: object) -> str | None:
    """Return the distribution of a parameter by its keys, `nested`, or None if the keys match no distribution."""
    if isinstance(raw, Section):
        return "nested" if isinstance(raw, Nested) else str(getattr(raw, "distribution", ""))
    if not isinstance(raw, dict):
        return None
    if "distribution" in raw:
        given = raw["distribution"]
        return given if isinstance(given, str) and given in MODELS else None
    if "parameters" in raw:
        return "nested"
    if "value" in raw:
        return "constant"
    if "values" in raw:
        return "categorical_w_probabilities" if "probabilities" in raw else "categorical"
    if "min" in raw or "max" in raw:
        return "int_uniform" if _is_int(raw.get("min")) and _is_int(raw.get("max")) else "uniform"
    return None


def tag_of(form: str) -> str:
    """Return the name of a form in pydantic's errors. No key of a sweep file looks like it."""
    return f"<{form}>"


def _tagged(raw: object) -> str | None:
    form = form_of(raw)
    return None if form is None else tag_of("nested" if form == "nested" else MODELS[form].__name__)


def walk_parameters(parameters: object, path: Path = ("parameters",)) -> Iterator[tuple[Path, tuple[str, ...], Any]]:
    """Yield every parameter that is not a map of parameters.

    Each item is the path in the file, the path in the parameter set, and the raw value in the file.
    """
    if not isinstance(parameters, dict):
        return
    for name, raw in parameters.items():
        here = (*path, name)
        if form_of(raw) == "nested":
            for inside, names, leaf in walk_parameters(raw["parameters"], (*here, "parameters")):
                yield inside, (name, *names), leaf
        else:
            yield here, (name,), raw


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _check_range(section: Section) -> None:
    """Reject bounds with values that are too large for a float."""
    form = getattr(section, "distribution", "")
    if form in ("log_uniform", "inv_log_uniform", "q_log_uniform"):
        low, high = getattr(section, "min", 0), getattr(section, "max", 0)
        if not -700 <= low < high <= 700:
            raise refuse(
                f"`min` is `{low}` and `max` is `{high}`, exponents of e, allowed: -700 to 700"
                f"; `{form}_values` takes the values themselves"
            )
    if form in ("log_normal", "q_log_normal"):
        reach = abs(getattr(section, "mu", 0)) + 6 * getattr(section, "sigma", 1)
        if reach > 700:
            raise refuse("`mu` and `sigma` are of the logarithm, allowed: |mu| + 6 sigma up to 700")


Parameter = Annotated[
    Annotated[Constant, Tag("<Constant>")]
    | Annotated[Categorical, Tag("<Categorical>")]
    | Annotated[WeightedCategorical, Tag("<WeightedCategorical>")]
    | Annotated[IntUniform, Tag("<IntUniform>")]
    | Annotated[Uniform, Tag("<Uniform>")]
    | Annotated[QUniform, Tag("<QUniform>")]
    | Annotated[LogUniform, Tag("<LogUniform>")]
    | Annotated[LogUniformValues, Tag("<LogUniformValues>")]
    | Annotated[QLogUniform, Tag("<QLogUniform>")]
    | Annotated[QLogUniformValues, Tag("<QLogUniformValues>")]
    | Annotated[Normal, Tag("<Normal>")]
    | Annotated[QNormal, Tag("<QNormal>")]
    | Annotated[Beta, Tag("<Beta>")]
    | Annotated[QBeta, Tag("<QBeta>")]
    | Annotated[Nested, Tag("<nested>")],
    Discriminator(_tagged),
]

Nested.model_rebuild()
