"""Stores series as chunks of points with levels of rollups above, written in batches and downsampled for charts."""
