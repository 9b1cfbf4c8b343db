"""The sweep engine: suggests trials, judges their reports and leases them to agents. Its state is in the database."""
