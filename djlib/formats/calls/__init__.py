"""Open calls: feeds, their download, and the deadlines inside their text."""
