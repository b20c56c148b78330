"""Settings of the calls: fetching, watching."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class OpportunitySettings:
    """How open calls are fetched and watched.

    `feeds` are what is scanned without a name, `date_order` how 3/4/2026 is read, `allow_local`
    whether a feed may lie in a private network, `timeout_s` and `most_megabytes` what one may take.
    `rescrape` is a command that fetches a source anew when it looks broken ("{source}" stands for
    its name), `rescrape_timeout_s` its time.
    """

    feeds: tuple[str, ...] = ()
    date_order: str = "auto"
    allow_local: bool = False
    timeout_s: float = 20.0
    most_megabytes: int = 20
    rescrape: str = ""
    rescrape_timeout_s: float = 300.0


LIMITS: dict[str, tuple[float, float]] = {
    "timeout_s": (0.1, 600),
    "most_megabytes": (1, 1000),
    "rescrape_timeout_s": (1, 3600),
}

CHOICES = {
    "date_order": ("auto", "day first", "month first"),
}
