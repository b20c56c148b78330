"""The buckets: train, propose, correct, compare, explain."""
