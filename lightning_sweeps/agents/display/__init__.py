"""Shows the output of trials and the agent's messages, from a process that may wait for the terminal."""
