"""The base of all other parts: ids, paths, settings, registries, and the small files that processes exchange."""
