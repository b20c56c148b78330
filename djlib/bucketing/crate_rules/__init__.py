"""Rules in a DJ's words that describe a crate."""
