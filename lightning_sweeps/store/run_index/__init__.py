"""Keeps the columns of all runs in memory, so that filters, sorting, counts and groups read no row of the database."""
