"""The sweep engine: suggests trials, judges their reports, and hands them to agents, over the store."""
