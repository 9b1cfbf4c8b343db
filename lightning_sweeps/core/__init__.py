"""What every part builds on: ids, names on disk, settings, and the small files that processes leave for one another."""
