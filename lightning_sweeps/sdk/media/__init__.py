"""Media types: encode images, audio, video, tables and other values as files. None of them imports torch."""
