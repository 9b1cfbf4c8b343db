"""A stand-in for a GPU, to rehearse the checks. `run.sh` puts this folder on PYTHONPATH."""
