"""The journal: one append-only file per process that logs, shipped by the service, stored by the server."""
