"""The base of every other part: ids, paths, settings, registries, and the small files that processes exchange."""
