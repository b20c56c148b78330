"""Sentences as vectors: the sentence model, its engines and the cache."""
