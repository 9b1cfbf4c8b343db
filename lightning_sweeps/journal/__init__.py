"""The journal: one append-only file per logging process, which the service uploads and the server stores."""
