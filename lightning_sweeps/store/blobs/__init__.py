"""Media and artifacts, and the blobs that hold their content."""
