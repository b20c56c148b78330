"""Settings of the calls: fetching, ranking, watching."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class OpportunitySettings:
    """How open calls are fetched, ranked and watched.

    `feeds` are what is scanned without a name, `date_order` how 3/4/2026 is read, `allow_local`
    whether a feed may lie in a private network, `timeout_s` and `most_megabytes` what one may take.
    `scale` is how ratings are read, `engine` what embeds the calls, `top` how many are recommended,
    `cache_minutes` how long a list is good for. `rescrape` is a command that fetches a source anew
    when it looks broken ("{source}" stands for its name), `rescrape_timeout_s` its time.
    `min_impressions` is how many calls must have been shown before falling clicks count,
    `max_retunes` how often in 30 days the ranking is tuned anew because of them.
    """

    feeds: tuple[str, ...] = ()
    date_order: str = "auto"
    allow_local: bool = False
    timeout_s: float = 20.0
    most_megabytes: int = 20
    scale: str = "auto"
    engine: str = "none"
    top: int = 10
    cache_minutes: float = 10.0
    rescrape: str = ""
    rescrape_timeout_s: float = 300.0
    min_impressions: int = 200
    max_retunes: int = 3


LIMITS: dict[str, tuple[float, float]] = {
    "timeout_s": (0.1, 600),
    "most_megabytes": (1, 1000),
    "top": (1, 1000),
    "cache_minutes": (0, 1440),
    "rescrape_timeout_s": (1, 3600),
    "min_impressions": (20, 1_000_000),
    "max_retunes": (0, 30),
}

CHOICES = {
    "date_order": ("auto", "day first", "month first"),
    "scale": ("auto", "yes or no", "stars"),
}
