"""Policies replayed on labelled pools."""
