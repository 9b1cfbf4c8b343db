"""The HTTP server: ingest, sweeps, queries."""
