"""From a trial to its processes: command line, environment, ranks, and what their logs say in the end."""
