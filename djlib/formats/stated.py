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


def share_of(stated: str) -> str:
    """A rating stated as a share of the most, 0 to 1, as DJ software keeps it, 0 to 255.

    >>> share_of("0.8"), share_of("0"), share_of("1.5"), share_of("nan")
    ('204', '0', '', '')
    """
    try:
        share = float(stated)
    except ValueError:
        return ""
    return str(round(255 * share)) if 0 <= share <= 1 else ""


def key_of_wheel(number: str) -> str:
    """The key of a place on Camelot's wheel: 0 to 11 are 1A to 12A, 12 to 23 are 1B to 12B.

    >>> key_of_wheel("7"), key_of_wheel("19"), key_of_wheel("-1"), key_of_wheel("24")
    ('8A', '8B', '', '')
    """
    if not number.isdecimal() or len(number) > 2 or int(number) > 23:
        return ""
    return f"{int(number) % 12 + 1}{'AB'[int(number) // 12]}"
