"""Runs that other programs have logged: read from their files, and sent as journals."""
