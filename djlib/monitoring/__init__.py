"""Whether what comes in, what is answered and how it is taken has changed; and telling somebody."""
