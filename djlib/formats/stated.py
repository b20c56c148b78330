"""Numbers and days as programs state them, in the form that `assemble` takes."""

from __future__ import annotations

from datetime import UTC, datetime

_LONGEST = 20
"""Signs of a number that anybody means."""


def day_of(seconds: str) -> str:
    """The day of a time in seconds since 1970; "" where it is none.

    >>> day_of("1580992490"), day_of("0"), day_of("soon"), day_of("9" * 5000)
    ('2020-02-06', '', '', '')
    """
    try:
        number = int(seconds[:_LONGEST])
        return datetime.fromtimestamp(number, UTC).date().isoformat() if number > 0 else ""
    except (ValueError, OverflowError, OSError):
        return ""


def rating_of(stated: str, most: int) -> str:
    """A rating from 0 to `most` as DJ software keeps it, 0 to 255; "" where it is none.

    >>> rating_of("4", 5), rating_of("80", 100), rating_of("6", 5), rating_of("²", 5)
    ('204', '204', '', '')
    """
    if not stated.isdecimal() or len(stated) > _LONGEST or int(stated) > most:
        return ""
    return str(round(255 * int(stated) / most))
