"""Translates the requests of other tools' clients into the operations of this server, one package for each tool."""
