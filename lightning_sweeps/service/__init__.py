"""The service subprocess: ships journals, samples the node, watches ranks, carries stops."""
