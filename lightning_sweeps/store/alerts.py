"""Stores the rules of alerts, and the alerts on their way through each channel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, exists, func, insert, select, update

from lightning_sweeps.core.durations import HOUR_S
from lightning_sweeps.core.ids import new_id
from lightning_sweeps.errors import NotFound, UsageError
from lightning_sweeps.messages import ALERT_OPTIONS, AlertRule, AlertRuleCreate, AlertSent
from lightning_sweeps.store import schema
from lightning_sweeps.store.column_values import plain, text
from lightning_sweeps.store.database import lock_name
from lightning_sweeps.store.project_access import Projects

MAX_RULES = 1000
CLAIM_S = 60.0
"""How long an alert that is being sent is kept from other servers: longer than a channel may take."""
MAX_PER_HOUR = 100
"""How many alerts a rule may raise within an hour, over all events."""
LOCK = "alerts"

_rule = schema.alert_rule
_alert = schema.alert
_position = schema.alert_position


def list_rules(connection: Connection, projects: Projects = None) -> list[AlertRule]:
    """Return the rules, oldest first: all, or those of the projects that a key is limited to."""
    asked = select(_rule, schema.project.c.name.label("project")).outerjoin(schema.project)
    rows = connection.execute(asked.order_by(_rule.c.created, _rule.c.id)).mappings()
    return [_rule_of(row) for row in rows if projects is None or row["project"] in projects]


def add_rule(connection: Connection, wanted: AlertRuleCreate, *, by: str, now: float) -> AlertRule:
    """Store a rule that was checked.

    Raises:
        NotFound: there is no such project.
        UsageError: there are too many rules.
    """
    lock_name(connection, LOCK)
    if (connection.scalar(select(func.count()).select_from(_rule)) or 0) >= MAX_RULES:
        raise UsageError(f"there are {MAX_RULES} alert rules, which is the most", hint="remove some")
    project_id = None
    if wanted.project is not None:
        project_id = connection.scalar(select(schema.project.c.id).where(schema.project.c.name == text(wanted.project)))
        if project_id is None:
            raise NotFound(f"there is no project `{wanted.project}`", hint="log a run or create a sweep there first")
    rule = AlertRule(new_id(), wanted, now, by)
    row = {
        "id": rule.id,
        "condition": wanted.condition,
        "project_id": project_id,
        "sweep_id": wanted.sweep,
        "options": {name: plain(given) for name in ALERT_OPTIONS if (given := getattr(wanted, name)) is not None},
        "channels": [text(name) for name in wanted.channels],
        "created": now,
        "created_by": text(by),
    }
    connection.execute(insert(_rule).values(row))
    return rule


def remove_rule(connection: Connection, rule_id: str, projects: Projects = None) -> None:
    """Delete a rule.

    Raises:
        NotFound: there is no such rule, or the key is not for its project.
    """
    if rule_id not in {rule.id for rule in list_rules(connection, projects)}:
        raise NotFound(f"there is no alert rule `{rule_id}`", hint="`lightning-sweeps alerts list` lists the rules")
    connection.execute(delete(_rule).where(_rule.c.id == rule_id))


def _rule_of(row: RowMapping) -> AlertRule:
    wanted = AlertRuleCreate(
        row["condition"], row["project"], row["sweep_id"], **row["options"], channels=row["channels"]
    )
    return AlertRule(row["id"], wanted, row["created"], row["created_by"])


# alerts on their way


def queue_alert(
    connection: Connection,
    rule_id: str | None,
    key: str,
    channel: str,
    content: dict[str, Any],
    *,
    now: float,
    repeats_s: float | None = None,
) -> bool:
    """Queue an alert for a channel, unless the same event of the same rule is there already. Hold `lock` before.

    Args:
        rule_id: the rule; None: a test.
        key: the event.
        content: the alert.
        now: the time, in seconds since the epoch.
        repeats_s: an earlier alert counts only if it is younger; None: always.

    Returns:
        Whether it is new.
    """
    since = 0.0 if repeats_s is None else now - repeats_s
    same = (_alert.c.rule_id == rule_id) & (_alert.c.key == key) & (_alert.c.channel == channel)
    if connection.scalar(select(exists().where(same, _alert.c.created > since))):
        return False
    state = {"created": now, "tries": 0, "next_try": now, "sent": None, "problem": ""}
    named = {"rule_id": rule_id, "key": text(key), "channel": channel, "content": content}
    connection.execute(insert(_alert).values(named | state))
    return True


def lock(connection: Connection) -> None:
    """Keep other servers from queueing alerts until the transaction ends."""
    lock_name(connection, LOCK)


def room_of(connection: Connection, rule_id: str | None, *, now: float) -> int:
    """Return how many more alerts a rule may raise now; None: how many tests."""
    recent = (_alert.c.rule_id == rule_id) & (_alert.c.created > now - HOUR_S)
    return MAX_PER_HOUR - (connection.scalar(select(func.count()).where(recent)) or 0)


def due_channels(connection: Connection, *, now: float) -> list[str]:
    """Return the channels that have alerts to send now."""
    return list(connection.scalars(select(_alert.c.channel).where(_alert.c.next_try <= now).distinct()))


def take(connection: Connection, channel: str, *, now: float) -> tuple[int, dict[str, Any], int] | None:
    """Take the oldest alert that is due: id, content, and number of tries with this one. Others wait `CLAIM_S`."""
    due = select(_alert).where(_alert.c.channel == channel, _alert.c.next_try <= now).order_by(_alert.c.id).limit(1)
    row = connection.execute(due.with_for_update(skip_locked=True)).mappings().first()
    if row is None:
        return None
    tries = row["tries"] + 1
    connection.execute(update(_alert).where(_alert.c.id == row["id"]).values(tries=tries, next_try=now + CLAIM_S))
    return row["id"], row["content"], tries


def mark_sent(connection: Connection, alert_id: int, *, now: float) -> None:
    """Record that an alert was accepted."""
    connection.execute(update(_alert).where(_alert.c.id == alert_id).values(sent=now, next_try=None, problem=""))


def mark_failed(connection: Connection, alert_id: int, problem: str, *, next_try: float | None) -> None:
    """Record that an alert was not accepted."""
    values = {"problem": text(problem), "next_try": next_try}
    connection.execute(update(_alert).where(_alert.c.id == alert_id).values(values))


def recent(
    connection: Connection, *, limit: int, projects: Projects = None, ids: Sequence[int] = ()
) -> list[AlertSent]:
    """Return the last alerts, newest first: all, those of the projects that a key is limited to, or those with ids."""
    asked = select(_alert).order_by(_alert.c.id.desc()).limit(limit)
    rows = connection.execute(asked.where(_alert.c.id.in_(ids)) if ids else asked).mappings()
    return [_sent_of(row) for row in rows if projects is None or row["content"]["project"] in projects]


def _sent_of(row: RowMapping) -> AlertSent:
    same = {name: row[name] for name in ("id", "channel", "created", "sent", "tries", "next_try", "problem")}
    content = {name: row["content"][name] for name in ("kind", "title", "project", "url")}
    return AlertSent(rule=row["rule_id"], **same, **content)


def delete_old(connection: Connection, *, before: float) -> None:
    """Delete alerts that were raised before a time."""
    connection.execute(delete(_alert).where(_alert.c.created < before))


# positions


def read_position(connection: Connection) -> tuple[float, int] | None:
    """Return up to where the servers have looked: a time, and the id of a console line. None: they never did."""
    row = connection.execute(select(_position.c.since, _position.c.line)).first()
    return None if row is None else (row.since, row.line)


def write_position(connection: Connection, since: float, line: int) -> None:
    """Store up to where this server has looked. Another server may have looked further."""
    lock(connection)
    known = read_position(connection)
    if known is None:
        connection.execute(insert(_position).values(id=1, since=since, line=line))
    elif known[0] < since:
        connection.execute(update(_position).values(since=since, line=max(line, known[1])))
