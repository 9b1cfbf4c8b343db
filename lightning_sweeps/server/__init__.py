"""The HTTP server: routes, access, responses, and the server process."""
