"""Parameters as values and as coordinates."""

from __future__ import annotations

import math
from random import Random
from statistics import NormalDist
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightning_sweeps.sweeps.config import validate
from lightning_sweeps.sweeps.dimensions import Dimension
from lightning_sweeps.sweeps.distributions import exponents_of
from lightning_sweeps.sweeps.lattice import Lattice
from lightning_sweeps.sweeps.space import Space
from tests.sweeps.test_config import EVERY_DISTRIBUTION


def space_of(**parameters: Any) -> Space:
    return Space.of(validate({"method": "random", "parameters": parameters}).config.parameters)


def dimension_of(**keys: Any) -> Dimension:
    return space_of(p=keys).dimensions[0]


SEARCHED = [name for name in EVERY_DISTRIBUTION if name != "constant"]


@pytest.mark.parametrize("name", SEARCHED)
@given(seed=st.integers())
def test_a_value_survives_the_conversion_to_its_coordinate_and_back(name: str, seed: int) -> None:
    dimension = dimension_of(distribution=name, **EVERY_DISTRIBUTION[name])
    value = dimension.sample(Random(seed))
    coordinate = dimension.coordinate(value)
    assert 0 <= coordinate <= (1 if dimension.kind == "float" else dimension.levels - 1)
    back = dimension.value(coordinate)
    assert type(back) is type(value)
    assert back == value if dimension.size else math.isclose(back, value, rel_tol=1e-6, abs_tol=1e-9)


@pytest.mark.parametrize("name", [name for name in SEARCHED if "min" in EVERY_DISTRIBUTION[name]])
@given(coordinate=st.floats(0, 1))
def test_no_value_lies_outside_its_bounds(name: str, coordinate: float) -> None:
    keys = EVERY_DISTRIBUTION[name]
    dimension = dimension_of(distribution=name, **keys)
    low, high = keys["min"], keys["max"]
    if name in ("log_uniform", "inv_log_uniform", "q_log_uniform"):
        low, high = map(math.exp, exponents_of(name, low, high))
    if name == "q_log_uniform":
        low, high = round(low), round(high)
    given_coordinate = coordinate if dimension.kind == "float" else int(coordinate * (dimension.levels - 1))
    assert low <= dimension.value(given_coordinate) <= high
    assert dimension.value(0) == low
    assert math.isclose(dimension.value(1 if dimension.kind == "float" else dimension.levels - 1), high)


@pytest.mark.parametrize("name", ["normal", "log_normal", "q_normal", "q_log_normal", "beta", "q_beta"])
def test_the_ends_of_unbounded_distributions_are_finite(name: str) -> None:
    dimension = dimension_of(distribution=name, **EVERY_DISTRIBUTION[name])
    ends = [dimension.value(0.0), dimension.value(1.0)]
    assert all(math.isfinite(end) for end in ends)
    assert ends[0] < ends[1]


def quantile(values: list[float], share: float) -> float:
    return sorted(values)[int(share * len(values))]


@pytest.mark.parametrize(
    ("keys", "quartiles"),
    [
        ({"min": 0.0, "max": 8.0}, (2, 4, 6)),
        ({"distribution": "log_uniform_values", "min": 1e-4, "max": 1}, (1e-3, 1e-2, 1e-1)),
        ({"distribution": "inv_log_uniform_values", "min": 1e-4, "max": 1}, (1e-3, 1e-2, 1e-1)),
        ({"distribution": "log_uniform", "min": 0, "max": 4}, (math.e, math.e**2, math.e**3)),
        ({"distribution": "inv_log_uniform", "min": 0, "max": 4}, (math.e**-3, math.e**-2, math.e**-1)),
        ({"distribution": "normal", "mu": 1, "sigma": 2}, (-0.349, 1, 2.349)),
        ({"distribution": "log_normal", "mu": 0, "sigma": 1}, (0.509, 1, 1.963)),
        ({"distribution": "beta", "a": 2, "b": 2}, (0.326, 0.5, 0.674)),
    ],
)
def test_samples_follow_the_distribution(keys: dict[str, Any], quartiles: tuple[float, ...]) -> None:
    dimension, rng = dimension_of(**keys), Random(5)
    values = [dimension.sample(rng) for _ in range(8000)]
    for share, expected in zip((0.25, 0.5, 0.75), quartiles, strict=True):
        assert abs(dimension.coordinate(quantile(values, share)) - share) < 0.02
        assert math.isclose(dimension.value(share), expected, rel_tol=2e-3)


def test_integers_and_probabilities_are_drawn_with_their_weights() -> None:
    whole, weighed, rng = (
        dimension_of(min=1, max=4),
        dimension_of(values=["a", "b"], probabilities=[0.9, 0.1]),
        Random(1),
    )
    counts = [[whole.sample(rng) for _ in range(8000)].count(value) for value in (1, 2, 3, 4)]
    assert all(1800 < count < 2200 for count in counts)
    assert 7000 < [weighed.sample(rng) for _ in range(8000)].count("a") < 7400


def test_true_one_and_one_point_zero_are_three_values_and_duplicates_are_one() -> None:
    dimension = dimension_of(values=[True, 1, 1.0, 1, "1", None, [1], {"a": 1}, False, 0])
    assert dimension.size == 9
    values = [dimension.at(index) for index in range(9)]
    assert [dimension.coordinate(value) for value in values] == list(range(9))
    assert dimension.kind == "category"


def test_ordered_numbers_are_a_lattice_and_others_are_categories() -> None:
    assert dimension_of(values=[16, 32, 64]).kind == "int"
    assert dimension_of(values=[0.1, 0.01, 0.001]).kind == "int"
    assert dimension_of(values=[16, 64, 32]).kind == "category"
    assert dimension_of(values=[True, False]).kind == "category"
    assert dimension_of(values=[1, 2, 3], probabilities=[0.2, 0.3, 0.5]).kind == "category"


@pytest.mark.parametrize(
    ("lattice", "values"),
    [
        (Lattice(0, 1, 0.25), [0.0, 0.25, 0.5, 0.75, 1.0]),
        (Lattice(0, 10, 5), [0, 5, 10]),
        (Lattice(1, 10, 4), [1, 4, 8, 10]),
        (Lattice(0.1, 0.35, 0.1), [0.1, 0.2, 0.3, 0.35]),
        (Lattice(1, 2, 5), [1, 2]),
        (Lattice(-3, 3, 2), [-3, -2, 0, 2, 3]),
        (Lattice(0.5, 3, 1), [0.5, 1, 2, 3]),
    ],
)
def test_lattices_include_both_bounds(lattice: Lattice, values: list[float]) -> None:
    assert [lattice[index] for index in range(lattice.size)] == values
    assert [lattice.nearest(value) for value in values] == list(range(len(values)))


@given(low=st.floats(-1e3, 1e3), width=st.floats(1e-3, 1e3), q=st.floats(1e-2, 1e2), value=st.floats(-2e3, 2e3))
def test_the_nearest_point_of_a_lattice_is_nearest(low: float, width: float, q: float, value: float) -> None:
    lattice = Lattice(low, low + width, q)
    found = lattice[lattice.nearest(value)]
    near = range(max(0, lattice.nearest(value) - 2), min(lattice.size, lattice.nearest(value) + 3))
    assert abs(found - value) <= min(abs(lattice[index] - value) for index in near)
    assert low <= found <= low + width


WITHOUT_WRITTEN_BOUNDS: dict[str, list[dict[str, float]]] = {
    "q_normal": [{"mu": 4, "sigma": 2}, {"mu": 0.05, "sigma": 3}],
    "q_log_normal": [{"mu": 2, "sigma": 2}, {"mu": 0, "sigma": 20}],
    "q_log_uniform": [{"min": -2, "max": 3}, {"min": 0, "max": 100}],
    "q_beta": [{"a": 2, "b": 5}],
}


@pytest.mark.parametrize("name", WITHOUT_WRITTEN_BOUNDS)
@given(data=st.data(), seed=st.integers(), q=st.sampled_from([1, 10, 0.1, 0.3, 0.7]))
def test_bounds_that_nobody_wrote_are_multiples_of_q(name: str, data: st.DataObject, seed: int, q: float) -> None:
    keys = data.draw(st.sampled_from(WITHOUT_WRITTEN_BOUNDS[name]))
    dimension = dimension_of(distribution=name, q=q, **keys)
    for value in (dimension.sample(Random(seed)), dimension.value(0), dimension.value(1)):
        assert math.isclose(value, round(value / q) * q, rel_tol=1e-12, abs_tol=1e-9)
        assert type(value) is type(q) or abs(value) >= 2**63
        assert math.isclose(dimension.accept(value), value, rel_tol=1e-15)


def test_a_quantised_log_normal_distribution_reaches_zero_as_often_as_rounding_does() -> None:
    dimension, rng = dimension_of(distribution="q_log_normal", mu=2, sigma=2, q=10), Random(3)
    zeros = [dimension.sample(rng) for _ in range(4000)].count(0)
    assert abs(zeros / 4000 - NormalDist(2, 2).cdf(math.log(5))) < 0.02


def test_a_value_with_the_probability_zero_is_never_tried() -> None:
    space = space_of(x={"values": [1, 2, 3], "probabilities": [0.5, 0, 0.5]})
    assert [point["x"] for point in space.points()] == [1, 3]
    with pytest.raises(ValueError, match=r"^1, 3$"):
        space.dimensions[0].accept(2)


@pytest.mark.parametrize(
    ("keys", "middle"),
    [
        ({"min": 0.1, "max": 0.5}, 0.3),
        ({"min": 0.0, "max": 0.3}, 0.15),
        ({"distribution": "log_uniform_values", "min": 1e-5, "max": 1e-1}, 0.001),
        ({"distribution": "log_uniform_values", "min": 0.1, "max": 10}, 1.0),
        ({"distribution": "normal", "mu": 0.3, "sigma": 0.1}, 0.3),
        ({"distribution": "q_uniform", "min": 0.1, "max": 0.5, "q": 0.1}, 0.3),
    ],
)
def test_the_middle_of_a_range_has_few_digits(keys: dict[str, Any], middle: float) -> None:
    dimension = dimension_of(**keys)
    assert repr(dimension.value(0.5 if dimension.kind == "float" else dimension.levels // 2)) == repr(middle)


def test_nested_parameters_stay_nested_and_dots_in_names_stay_dots() -> None:
    space = space_of(
        **{
            "opt": {"parameters": {"lr": {"values": [1, 2]}, "inner": {"parameters": {"m": {"value": None}}}}},
            "model.width": {"values": [3]},
        }
    )
    assert [dimension.name for dimension in space.dimensions] == ["model.width", "opt.lr"]
    assert space.at(1) == {"model.width": 3, "opt": {"lr": 2, "inner": {"m": None}}}
    assert space.to_unit(space.at(1)) == {"model.width": 0, "opt.lr": 1}
    assert space.from_unit({"model.width": 0, "opt.lr": 1}) == space.at(1)
    assert space.to_unit({"opt": 3}) is None


def test_sizes() -> None:
    assert space_of(a={"values": [1, 2]}, b={"min": 1, "max": 3}, c={"value": 1}).size == 6
    assert space_of(a={"values": [1, 2]}, b={"min": 1.0, "max": 3}).size is None
    assert space_of(a={"value": 1}).size == 1
