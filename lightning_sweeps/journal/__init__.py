"""The journal: one append-only file per process that logs; written here, shipped by the service, stored by the server."""
