"""Who may use the server: keys, roles, sessions, allowed hosts."""
