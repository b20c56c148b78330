"""Seeded invented libraries, listings and calls for tests, the demo and benchmarks."""
