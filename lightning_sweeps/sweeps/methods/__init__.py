"""Search methods: each proposes the next point of a space from what is known."""
