"""Stores blobs, and lists the media and artifacts that refer to them."""
