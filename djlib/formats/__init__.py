"""Other people's files to tables and back; one file a format."""
