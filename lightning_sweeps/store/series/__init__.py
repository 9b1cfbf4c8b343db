"""Logged series: chunks of columns under levels of rollups, written in bulk and read as wide as a chart is."""
