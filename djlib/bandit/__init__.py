"""Finds the records a person will keep: learns from what they kept, picks what to show next."""
