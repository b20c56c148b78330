"""What a command, a job or a request does to a workspace: read, learn or propose, write, record."""
