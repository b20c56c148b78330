"""What runs while nobody looks: jobs by slot, retraining, watching, going back."""
