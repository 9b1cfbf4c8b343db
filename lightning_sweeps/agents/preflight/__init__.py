"""What an agent checks before it takes a trial: that the trial can run here."""
