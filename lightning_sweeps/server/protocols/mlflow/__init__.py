"""Answers unmodified MLflow clients: their words stand for ours, and nothing else happens here.

`routes` receives the requests, and `operations` lists what answers them. Experiments are projects. Parameters and tags
are values of a run's configuration (`config_keys`), and metrics enter by the journal of their run (`run_journals`).
"""
