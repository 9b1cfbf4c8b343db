"""Warm start: a fork server imports what trials need once and forks their first processes."""
