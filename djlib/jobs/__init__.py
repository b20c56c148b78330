"""What `djlib jobs` runs while nobody looks: retrain, monitor, search, report."""
