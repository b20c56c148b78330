"""Settings of the calls: fetching, watching, recommending."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class OpportunitySettings:
    """How open calls are fetched, watched and recommended.

    `feeds` are what is scanned without a name, `date_order` how 3/4/2026 is read, `allow_local`
    whether a feed may lie in a private network, `timeout_s` and `most_megabytes` what one may take.
    `rescrape` is a command that fetches a source anew when it looks broken ("{source}" stands for
    its name), `rescrape_timeout_s` its time. `keep_aside` is how many files of a broken
    source are kept.

    `top` is how many calls are recommended, `cache_minutes` how long a list stays as it is,
    `engine` what reads the texts ("none": nothing does), `rating_scale` how ratings are written.
    Click-through is looked at from `retune_impressions` on either side on, and tuned anew at most
    `retune_most` times in 30 days.
    """

    feeds: tuple[str, ...] = ()
    date_order: str = "auto"
    allow_local: bool = False
    timeout_s: float = 20.0
    most_megabytes: int = 20
    rescrape: str = ""
    rescrape_timeout_s: float = 300.0
    keep_aside: int = 10
    top: int = 10
    cache_minutes: float = 10.0
    engine: str = "torch"
    rating_scale: str = "auto"
    retune_impressions: int = 200
    retune_most: int = 2


LIMITS: dict[str, tuple[float, float]] = {
    "timeout_s": (0.1, 600),
    "most_megabytes": (1, 1000),
    "rescrape_timeout_s": (1, 3600),
    "keep_aside": (1, 10_000),
    "top": (1, 1000),
    "cache_minutes": (0, 1440),
    "retune_impressions": (50, 1_000_000),
    "retune_most": (0, 30),
}

CHOICES = {
    "date_order": ("auto", "day first", "month first"),
    "rating_scale": ("auto", "0-1", "1-5"),
}
