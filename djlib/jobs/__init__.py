"""The work of one command, in order: read, learn or propose, write, record."""
