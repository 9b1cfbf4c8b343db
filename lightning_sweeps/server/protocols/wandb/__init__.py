"""Answers unmodified wandb clients: their words stand for ours, and nothing else happens here.

`routes` receives the requests. `documents` checks and executes GraphQL documents against `schema.graphql`, the parts of
W&B's schema that clients use; `operations` lists what answers their fields. `file_stream` stores what a run logs.
"""
