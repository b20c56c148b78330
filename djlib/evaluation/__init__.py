"""Splits, metrics, calibration, comparison."""
