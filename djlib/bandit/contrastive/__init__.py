"""The policy of mode `faithful`: contrastive encoder and Monte-Carlo dropout."""
