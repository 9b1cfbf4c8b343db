"""Preflight checks: what an agent checks on its machine before it leases a trial."""
