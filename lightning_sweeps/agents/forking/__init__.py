"""Warm start: a fork server imports the libraries of trials once and forks their first processes."""
