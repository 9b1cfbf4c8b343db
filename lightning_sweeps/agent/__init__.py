"""The agent: leases trials and runs them on one slot."""
