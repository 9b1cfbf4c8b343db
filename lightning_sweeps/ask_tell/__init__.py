"""Gives the trials of a sweep to a program that runs them itself: ask for a trial, tell its value."""
