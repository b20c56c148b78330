"""Delimited text: what kind of file it is, its rows, and which of them can be used."""
