"""The service: a subprocess that uploads journals, samples the node, watches ranks and delivers requests to stop."""
