"""Lightning: logger and callback. The only part of a training process's side that imports torch."""
