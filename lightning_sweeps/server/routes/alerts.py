"""Lists, adds and removes the rules of alerts, and sends test alerts."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import Query, Request

from lightning_sweeps.alerts.conditions import check_channel, check_rule
from lightning_sweeps.errors import Forbidden, UsageError
from lightning_sweeps.messages import AlertOverview, AlertRule, AlertRuleCreate, AlertSent, AlertTest, Problem
from lightning_sweeps.server.context import KeyNameDep, StoreDep
from lightning_sweeps.server.process.alert_watch import AlertWatch
from lightning_sweeps.server.security.project_scope import ProjectsDep
from lightning_sweeps.server.security.scoped_router import scoped_router
from lightning_sweeps.store import alerts
from lightning_sweeps.store.column_values import text
from lightning_sweeps.store.project_access import check_access, check_project, describe, projects_of

MAX_RECENT = 1000

router = scoped_router("alerts")


@router.get("/api/alerts")
def list_alerts(
    request: Request, store: StoreDep, projects: ProjectsDep, last: Annotated[int, Query(ge=1, le=MAX_RECENT)] = 50
) -> AlertOverview:
    """List the channels of this server, the rules, and the last alerts."""
    watch: AlertWatch = request.app.state.alerts
    with store.read() as connection:
        rules = alerts.list_rules(connection, projects)
        return AlertOverview(watch.channels, rules, alerts.recent(connection, limit=last, projects=projects))


@router.post("/api/alerts/rules", responses={404: {"model": Problem}, 422: {"model": Problem}})
def add_alert_rule(
    request: Request, store: StoreDep, projects: ProjectsDep, by: KeyNameDep, wanted: AlertRuleCreate
) -> AlertRule:
    """Add a rule. A key that is limited to projects can only add rules for one of them, or for a sweep of one."""
    watch: AlertWatch = request.app.state.alerts
    check_rule(wanted, watch.channels)
    with store.write() as connection:
        if wanted.sweep is not None:
            sweep = text(wanted.sweep)
            check_access(connection, projects, "sweep", sweep)
            found = projects_of(connection, "sweep", [sweep])
            if not found or wanted.project not in (None, *found):
                where = f" in the project `{wanted.project}`" if wanted.project is not None else ""
                raise UsageError(f"there is no sweep `{sweep}`{where}", hint="`lightning-sweeps status`")
            wanted = replace(wanted, sweep=sweep, project=next(iter(found)))
        if projects is not None and wanted.project is None:
            raise Forbidden(
                f"the API key is limited to {describe(projects)}; a rule for all projects needs another key",
                status=403,
                hint="name a project: `--project`",
            )
        if wanted.project is not None:
            check_project(projects, wanted.project)
        return alerts.add_rule(connection, wanted, by=by, now=store.now())


@router.post("/api/alerts/rules/remove", responses={404: {"model": Problem}})
def remove_alert_rule(store: StoreDep, projects: ProjectsDep, rule: str) -> list[AlertRule]:
    """Remove a rule, and return the others."""
    with store.write() as connection:
        alerts.remove_rule(connection, rule, projects)
        return alerts.list_rules(connection, projects)


@router.post("/api/alerts/test", responses={422: {"model": Problem}})
def test_alerts(request: Request, store: StoreDep, wanted: AlertTest) -> list[AlertSent]:
    """Send a test alert through a channel, or through all. `GET /api/alerts` tells whether it was sent."""
    watch: AlertWatch = request.app.state.alerts
    names = watch.channels
    if not names:
        raise UsageError("this server has no alert channels", hint="start it with `--alert NAME=DESTINATION`")
    if wanted.channel is not None:
        check_channel(wanted.channel, names)
    ids = watch.test(wanted.channel)
    with store.read() as connection:
        return alerts.recent(connection, limit=len(ids), ids=ids)
