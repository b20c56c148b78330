"""Reports drawn for people: one file a noun."""
