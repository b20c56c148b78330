"""One thread for small products: more would wait for each other longer than they work."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache

from threadpoolctl import ThreadpoolController


def one_thread() -> AbstractContextManager[object]:
    """Hold the linear algebra to one thread while it lasts; libraries are looked for once.

    >>> with one_thread():
    ...     pass
    """
    return _controller().limit(limits=1)


@cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()
