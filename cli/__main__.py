"""`python -m cli`, for a checkout that is not installed."""

from .main import main

main()
