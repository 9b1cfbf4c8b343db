"""Which GPUs each trial gets: pure, from the GPUs that are visible and what was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lightning_sweeps.errors import UsageError
from lightning_sweeps.system.gpus import Gpu

NO_GPUS = "none"
"""The value of `--gpus` that leaves every GPU alone."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A place where one trial at a time runs.

    Attributes:
        is_shared: other slots have some of these GPUs too.
        hides_gpus: the machine has GPUs and the trial is to see none of them.
    """

    number: int
    gpus: tuple[Gpu, ...] = ()
    is_shared: bool = False
    hides_gpus: bool = False


@dataclass(frozen=True, slots=True)
class SlotPlan:
    """The slots, and what a person should know about how they came out."""

    slots: tuple[Slot, ...]
    messages: tuple[str, ...] = ()


def plan_slots(
    gpus: Sequence[Gpu],
    *,
    gpus_per_trial: int | None = None,
    slots: int | None = None,
    chosen: str | None = None,
    why_no_gpus: str = "",
) -> SlotPlan:
    """Divide the visible `gpus` into slots.

    Args:
        gpus_per_trial: GPUs of one trial, 1 where not said; 0 hides them all.
        slots: how many trials run at once; with GPUs they share them in turn where there are too few.
        chosen: the GPUs to use, `0,2` by index or UUID, or `none`.
        why_no_gpus: what the driver says where `gpus` is empty.

    Raises:
        UsageError: more was asked for than there is; the message says what is allowed.
    """
    _check_at_least("--slots", slots, 1)
    _check_at_least("--gpus-per-trial", gpus_per_trial, 0)
    usable = list(gpus) if chosen is None else _chosen(gpus, chosen)
    if gpus_per_trial and len(usable) < gpus_per_trial:
        raise UsageError(
            f"`--gpus-per-trial {gpus_per_trial}` was given, allowed here: 0 to {len(usable)}",
            hint=_where_gpus_went(gpus, usable, why_no_gpus),
        )
    if not usable or gpus_per_trial == 0:
        return _without_gpus(slots or 1, hides_gpus=bool(gpus), asked=slots is not None, why=why_no_gpus)
    return _with_gpus(usable, gpus_per_trial or 1, slots)


def _with_gpus(usable: list[Gpu], per_trial: int, slots: int | None) -> SlotPlan:
    fitting = len(usable) // per_trial
    count = fitting if slots is None else slots
    plan = tuple(
        Slot(
            number,
            tuple(usable[(number * per_trial + place) % len(usable)] for place in range(per_trial)),
            is_shared=count > fitting,
        )
        for number in range(count)
    )
    messages = []
    if count > fitting:
        messages.append(f"{count} slots share {_count(len(usable), 'GPU')}: several trials will run on one")
    unused = len(usable) - count * per_trial
    if unused > 0:
        messages.append(f"{_count(unused, 'GPU')} of {len(usable)} will stay unused")
    return SlotPlan(plan, tuple(messages))


def _without_gpus(count: int, *, hides_gpus: bool, asked: bool, why: str) -> SlotPlan:
    plan = tuple(Slot(number, hides_gpus=hides_gpus) for number in range(count))
    if hides_gpus or asked:
        return SlotPlan(plan)
    reason = f" ({why})" if why else ""
    return SlotPlan(plan, (f"no GPU found{reason}: one trial at a time on the CPU; `--slots n` runs n at once",))


def _chosen(gpus: Sequence[Gpu], chosen: str) -> list[Gpu]:
    if chosen.strip().lower() == NO_GPUS:
        return []
    found: list[Gpu] = []
    for entry in (part.strip() for part in chosen.split(",")):
        matches = [gpu for gpu in gpus if entry == str(gpu.index) or (len(entry) > 4 and gpu.uuid.startswith(entry))]
        fresh = [gpu for gpu in matches if gpu not in found]
        if not fresh:
            problem = "twice" if matches else "of which there is none"
            allowed = ", ".join(gpu.uuid if gpu.is_part else str(gpu.index) for gpu in gpus) or "none"
            raise UsageError(
                f"`--gpus {chosen}` names `{entry}` {problem}, allowed: {allowed}",
                hint="indices as nvidia-smi shows them, or UUIDs; CUDA_VISIBLE_DEVICES may hide some",
            )
        found.extend(fresh)
    return found


def _where_gpus_went(gpus: Sequence[Gpu], usable: list[Gpu], why_no_gpus: str) -> str:
    if why_no_gpus and not gpus:
        return f"the driver says: {why_no_gpus}"
    if len(usable) < len(gpus):
        return f"`--gpus` leaves {len(usable)} of the {len(gpus)} that are visible"
    return f"{_count(len(gpus), 'GPU')} visible; CUDA_VISIBLE_DEVICES may hide some"


def _check_at_least(option: str, value: int | None, minimum: int) -> None:
    if value is not None and value < minimum:
        raise UsageError(f"`{option} {value}` was given, allowed: {minimum} or more")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
