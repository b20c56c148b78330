"""The third learner: which open calls a person would want to see."""
