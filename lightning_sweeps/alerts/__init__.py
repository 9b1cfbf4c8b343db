"""Alerts: short messages about events for people, and the channels that deliver them."""
