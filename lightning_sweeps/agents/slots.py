"""Divides a machine's visible GPUs into slots, each for one trial at a time. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lightning_sweeps.errors import UsageError
from lightning_sweeps.system.gpus import Gpu, visibility_variables

NO_GPUS = "none"
"""The value of `--gpus` for trials without GPUs."""

SHORTEST_UUID = 5
"""A shorter entry of `--gpus` does not count as the beginning of a UUID."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A place for one trial at a time.

    Attributes:
        number: 0 to the number of slots - 1.
        gpus: the GPUs of each trial.
        is_shared: whether other slots use some of these GPUs too.
        hidden_vendors: vendors of GPUs that the trial must not see.
    """

    number: int
    gpus: tuple[Gpu, ...] = ()
    is_shared: bool = False
    hidden_vendors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SlotPlan:
    """The slots of a machine.

    Attributes:
        slots: the slots in order.
        messages: notes for the user about the division.
    """

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
    """Divide the visible GPUs into slots.

    Args:
        gpus: the visible GPUs.
        gpus_per_trial: GPUs of each trial (default: 1); 0 hides all GPUs.
        slots: number of slots; default: as many as the GPUs allow. If there are more, they share GPUs.
        chosen: the GPUs to use, by index or UUID, for example `0,2`, or `none`; default: all.
        why_no_gpus: the driver's problem if `gpus` is empty.

    Raises:
        UsageError: the machine does not have enough GPUs; the message lists what is allowed.
    """
    _check_at_least("--slots", slots, 1)
    _check_at_least("--gpus-per-trial", gpus_per_trial, 0)
    usable = list(gpus) if chosen is None else _choose(gpus, chosen)
    if gpus_per_trial and len(usable) < gpus_per_trial:
        raise UsageError(
            f"`--gpus-per-trial {gpus_per_trial}` was given, allowed here: 0 to {len(usable)}",
            hint=_explain_missing(gpus, usable, why_no_gpus),
        )
    vendors = tuple(dict.fromkeys(gpu.vendor for gpu in gpus))
    if not usable or gpus_per_trial == 0:
        return _without_gpus(slots or 1, vendors, is_asked=slots is not None, why=why_no_gpus)
    return _with_gpus(usable, gpus_per_trial or 1, slots, vendors)


def _with_gpus(usable: list[Gpu], per_trial: int, slots: int | None, vendors: tuple[str, ...]) -> SlotPlan:
    fitting = len(usable) // per_trial
    count = fitting if slots is None else slots
    plan = []
    for number in range(count):
        gpus = tuple(usable[(number * per_trial + place) % len(usable)] for place in range(per_trial))
        hidden = tuple(vendor for vendor in vendors if vendor not in {gpu.vendor for gpu in gpus})
        plan.append(Slot(number, gpus, is_shared=count > fitting, hidden_vendors=hidden))
    messages = []
    if count > fitting:
        messages.append(f"{count} slots share {_count(len(usable), 'GPU')}: several trials will run on one")
    unused = len(usable) - count * per_trial
    if unused > 0:
        messages.append(f"{_count(unused, 'GPU')} of {len(usable)} will stay unused")
    return SlotPlan(tuple(plan), tuple(messages))


def _without_gpus(count: int, vendors: tuple[str, ...], *, is_asked: bool, why: str) -> SlotPlan:
    plan = tuple(Slot(number, hidden_vendors=vendors) for number in range(count))
    if vendors or is_asked:
        return SlotPlan(plan)
    reason = f" ({why})" if why else ""
    return SlotPlan(plan, (f"no GPU found{reason}: one trial at a time on the CPU; `--slots n` runs n at once",))


def _choose(gpus: Sequence[Gpu], chosen: str) -> list[Gpu]:
    if chosen.strip().lower() == NO_GPUS:
        return []
    found: list[Gpu] = []
    for entry in (part.strip() for part in chosen.split(",")):
        is_uuid = len(entry) >= SHORTEST_UUID
        matches = [gpu for gpu in gpus if entry == str(gpu.index) or (is_uuid and gpu.uuid.startswith(entry))]
        new = [gpu for gpu in matches if gpu not in found]
        if not new:
            problem = f"names `{entry}` twice" if matches else f"names `{entry}`, which is no visible GPU"
            allowed = ", ".join(str(gpu.index) if gpu.part is None else gpu.uuid for gpu in gpus) or "none"
            raise UsageError(
                f"`--gpus {chosen}` {problem}, allowed: {allowed}",
                hint=f"give indices or UUIDs; {_variables()} may hide some GPUs",
            )
        found.extend(new)
    return found


def _explain_missing(gpus: Sequence[Gpu], usable: list[Gpu], why_no_gpus: str) -> str:
    if why_no_gpus and not gpus:
        return f"the driver reports: {why_no_gpus}"
    if len(usable) < len(gpus):
        return f"`--gpus` selects {len(usable)} of {len(gpus)} visible GPUs"
    return f"{_count(len(gpus), 'GPU')} visible; {_variables()} may hide some"


def _variables() -> str:
    return " or ".join(f"`{name}`" for name in visibility_variables())


def _check_at_least(option: str, value: int | None, minimum: int) -> None:
    if value is not None and value < minimum:
        raise UsageError(f"`{option} {value}` was given, allowed: {minimum} or more")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
