"""What a library and a model say about each other: trends, drift, importance, odd labels."""
