"""The dashboard in a terminal: what it reads, what it shows, and the widgets that show it."""
