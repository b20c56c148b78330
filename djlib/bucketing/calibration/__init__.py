"""Probabilities corrected on out-of-fold predictions."""
