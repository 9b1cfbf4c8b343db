"""Operations of alerts: rules, tests, and what was sent."""

from __future__ import annotations

from lightning_sweeps import messages as m
from lightning_sweeps.client.transport import Transport


class AlertRoutes(Transport):
    """Operations of alerts."""

    def alerts(self, *, last: int = 50) -> m.AlertOverview:
        """Return the server's alert channels, the rules, and the last alerts."""
        return self._get("/api/alerts", m.AlertOverview, params={"last": last})

    def add_alert_rule(self, rule: m.AlertRuleCreate) -> m.AlertRule:
        """Add a rule.

        Raises:
            NotFound: there is no such project.
            ServerRefused: the rule is not valid, or the key may not add it.
        """
        return self._post("/api/alerts/rules", m.AlertRule, rule)

    def remove_alert_rule(self, rule_id: str) -> list[m.AlertRule]:
        """Remove a rule, and return the others."""
        return self._call("POST", "/api/alerts/rules/remove", list[m.AlertRule], params={"rule": rule_id})

    def test_alerts(self, channel: str | None = None) -> list[m.AlertSent]:
        """Send a test alert through a channel, or through all. It is on its way when this returns."""
        return self._post("/api/alerts/test", list[m.AlertSent], m.AlertTest(channel))
