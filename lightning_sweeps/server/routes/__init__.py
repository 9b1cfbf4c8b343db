"""The HTTP routes, one file per subject. `app.ROUTERS` lists them."""
