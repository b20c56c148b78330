"""The keepers: scan listings, select a batch, learn the answers."""
