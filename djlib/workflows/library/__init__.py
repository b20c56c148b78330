"""A person's library: scanned, checked, watched."""
