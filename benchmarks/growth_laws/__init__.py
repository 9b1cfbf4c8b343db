"""The laws that `benchmarks/growth.py` measures, one subject per file."""
