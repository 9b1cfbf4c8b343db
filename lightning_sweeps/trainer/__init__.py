"""Connects runs with PyTorch Lightning: the logger and the callback. Only this package imports torch."""
