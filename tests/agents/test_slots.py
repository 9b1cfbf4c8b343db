"""A table from visible GPUs and options to the GPUs of each slot."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightning_sweeps.agents.slots import plan_slots
from lightning_sweeps.errors import UsageError
from lightning_sweeps.system.gpus import Gpu


def machine(count: int) -> list[Gpu]:
    return [Gpu("nvidia", index, f"GPU-{index}-aaaa", "G", 80) for index in range(count)]


@pytest.mark.parametrize(
    ("gpus", "per_trial", "slots", "chosen", "expected"),
    [
        (0, None, None, None, [()]),
        (0, None, 3, None, [(), (), ()]),
        (1, None, None, None, [(0,)]),
        (4, None, None, None, [(0,), (1,), (2,), (3,)]),
        (8, 2, None, None, [(0, 1), (2, 3), (4, 5), (6, 7)]),
        (5, 2, None, None, [(0, 1), (2, 3)]),
        (4, None, 2, None, [(0,), (1,)]),
        (2, None, 5, None, [(0,), (1,), (0,), (1,), (0,)]),
        (3, 2, 2, None, [(0, 1), (2, 0)]),
        (4, None, None, "2,0", [(2,), (0,)]),
        (4, 2, None, "GPU-3,1", [(3, 1)]),
        (4, 0, 2, None, [(), ()]),
        (4, None, None, "none", [()]),
    ],
)
def test_slots(
    gpus: int, per_trial: int | None, slots: int | None, chosen: str | None, expected: list[tuple[int, ...]]
) -> None:
    plan = plan_slots(machine(gpus), gpus_per_trial=per_trial, slots=slots, chosen=chosen)
    assert [tuple(gpu.index for gpu in slot.gpus) for slot in plan.slots] == expected
    assert [slot.number for slot in plan.slots] == list(range(len(expected)))
    hidden = ("nvidia",) if gpus > 0 and not expected[0] else ()
    assert all(slot.hidden_vendors == hidden for slot in plan.slots)


@given(st.integers(1, 16), st.integers(1, 16))
def test_default_slots_share_no_gpu(gpus: int, per_trial: int) -> None:
    if per_trial > gpus:
        return
    plan = plan_slots(machine(gpus), gpus_per_trial=per_trial)
    used = [gpu.index for slot in plan.slots for gpu in slot.gpus]
    assert len(used) == len(set(used)) == gpus // per_trial * per_trial


def test_messages_explain_an_unexpected_division() -> None:
    assert plan_slots([], why_no_gpus="Driver Not Loaded").messages == (
        "no GPU found (Driver Not Loaded): one trial at a time on the CPU; `--slots n` runs n at once",
    )
    assert plan_slots([], slots=2).messages == ()
    assert plan_slots(machine(5), gpus_per_trial=2).messages == ("1 GPU of 5 will stay unused",)
    assert plan_slots(machine(2), slots=4).messages == ("4 slots share 2 GPUs: several trials will run on one",)


@pytest.mark.parametrize(
    ("gpus", "arguments", "message"),
    [
        (2, {"gpus_per_trial": 4}, "`--gpus-per-trial 4` was given, allowed here: 0 to 2"),
        (0, {"gpus_per_trial": 1}, "`--gpus-per-trial 1` was given, allowed here: 0 to 0"),
        (2, {"chosen": "0,7"}, "`--gpus 0,7` names `7`, which is no visible GPU, allowed: 0, 1"),
        (2, {"chosen": "0,0"}, "`--gpus 0,0` names `0` twice, allowed: 0, 1"),
        (2, {"slots": 0}, "`--slots 0` was given, allowed: 1 or more"),
        (2, {"gpus_per_trial": -1}, "`--gpus-per-trial -1` was given, allowed: 0 or more"),
    ],
)
def test_impossible_options_are_rejected(gpus: int, arguments: dict[str, int | str], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        plan_slots(machine(gpus), **arguments)  # type: ignore[arg-type]
    assert caught.value.message == message


def test_a_slot_hides_the_gpus_of_other_vendors() -> None:
    gpus = [Gpu("nvidia", 0, "GPU-0", "G", 80), Gpu("other", 0, "OTHER-0", "H", 80)]
    plan = plan_slots(gpus)
    assert [(slot.gpus, slot.hidden_vendors) for slot in plan.slots] == [
        ((gpus[0],), ("other",)),
        ((gpus[1],), ("nvidia",)),
    ]
