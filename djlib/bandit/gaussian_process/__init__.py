"""The policy of mode `strong`: fixed features and an exact Gaussian process."""
