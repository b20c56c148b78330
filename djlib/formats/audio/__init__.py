"""Audio files: their tags, read and written, and folders of them."""
