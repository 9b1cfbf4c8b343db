"""The fork server: imports what trials need once, and forks their first process."""
