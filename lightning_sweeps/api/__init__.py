"""Reading and steering from Python: queries, sweeps, views for notebooks, figures."""
