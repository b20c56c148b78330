"""Rows to numbers: music, text and columns."""
