"""Encoders: images, audio, video, tables and the like as bytes with a type. They need no torch."""
