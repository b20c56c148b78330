"""The opportunities: scan calls, recommend, learn the ratings."""
