"""Stores series: chunks of points below levels of rollups, written in batches and read as wide as a chart."""
