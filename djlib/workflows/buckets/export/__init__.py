"""Buckets written for other programs, and taken back."""
