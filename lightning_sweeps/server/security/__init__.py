"""Access to the server: API keys, roles, browser sessions, host names, framing."""
