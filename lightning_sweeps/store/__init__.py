"""Stores runs, series, blobs and more in a database: schema, migrations, and the functions that the server calls."""
