"""SQL over runs, sweeps and series.

The statement runs on the reader's machine, in an SQLite database in memory. It is filled through the same requests as
everything else that `Api` reads, so a statement sees what the API key may see and nothing else, means the same whatever
database the server has, and costs the server no more than a reader of the same rows. The points of series could not be
queried on the server anyway: they are stored as compressed columns.
"""
