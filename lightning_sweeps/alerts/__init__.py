"""Alerts: short messages about events that a person wants to know of, and the channels that deliver them."""
