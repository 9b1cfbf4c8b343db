"""The database: schema, migrations, columnar chunks and the verbs that the server uses."""
