"""Fixtures of the tests that use a real client."""

from tests.server.protocols.wandb_client import programs, wandb_python

__all__ = ["programs", "wandb_python"]
