"""What can be set, by section: names, defaults, limits."""

from __future__ import annotations

from dataclasses import dataclass, field

KEEPER_MODES = ("strong", "faithful")
"""Who may learn what is kept."""


DEFAULT_THRESHOLD = 0.5
"""Confidence under which a bucket is `unsure` where neither the settings nor a model before say."""


@dataclass(frozen=True)
class BucketSettings:
    """How the bucket learner is trained and when it calls itself unsure.

    `threshold` is the confidence under which a prediction is `unsure`; `target_precision` picks
    that threshold from out-of-fold predictions instead. Of the two the one set last counts; where
    neither is set, a model keeps what it was trained with, and the first takes `DEFAULT_THRESHOLD`,
    0.5. `min_tracks`
    is the smallest bucket that is measured; `folds` the number of cross-validation folds;
    `test_share` the share of songs kept aside for before/after comparisons and never trained on.
    `model` is which learner is trained, `engine` what embeds its sentences ("none": nothing does),
    `n_estimators` how many trees the random forest of `simple_ml` has.
    """

    model: str = "hybrid"
    engine: str = "torch"
    threshold: float | None = None
    target_precision: float | None = None
    min_tracks: int = 3
    folds: int = 5
    test_share: float = 0.2
    n_estimators: int = 200


@dataclass(frozen=True)
class KeeperSettings:
    """How records worth keeping are found.

    `mode` is who learns ("strong", or "faithful": the recipe as it was given), `engine` what embeds
    its sentences, `k` how many listings a batch asks about, `pool` how many random listings are
    looked at ("all", or a number), `exploration_profile` what a batch leans to, `adaptive` whether
    exploring goes by what it earned, `numeric` further columns to read as numbers.
    """

    mode: str = "strong"
    engine: str = "torch"
    k: int = 20
    pool: str = "all"
    exploration_profile: str = "balanced"
    adaptive: bool = False
    numeric: tuple[str, ...] = ()


@dataclass(frozen=True)
class AlertSettings:
    """How alerts are sent. Mail goes out where `smtp_host`, `mail_from` and `mail_to` are set.

    `smtp_security` is how the connection is kept private; `smtp_user` logs in with the secret
    `smtp_password`. `timeout_s` is how long one message may take, `daily_summary` whether what was
    done is told each day too.
    """

    smtp_host: str | None = None
    smtp_port: int = 587
    smtp_security: str = "starttls"
    smtp_user: str | None = None
    mail_from: str | None = None
    mail_to: tuple[str, ...] = ()
    timeout_s: float = 20.0
    daily_summary: bool = True


@dataclass(frozen=True)
class OpportunitySettings:
    """How open calls are fetched, watched and recommended.

    `feeds` are what is scanned without a name, `date_order` how 3/4/2026 is read, `allow_local`
    whether a feed may lie in a private network, `timeout_s` and `most_megabytes` what one may take.
    `rescrape` is a command that fetches a source anew when it looks broken ("{source}" stands for
    its name), `rescrape_timeout_s` its time. `quarantine_files` is how many files of a broken
    source are kept.

    `top` is how many calls are recommended, `cache_minutes` how long a list stays as it is,
    `engine` what reads the texts ("none": nothing does), `rating_scale` how ratings are written.
    Click-through is looked at from `retune_impressions` on either side on, and tuned anew at most
    `max_retunes` times in 30 days.
    """

    feeds: tuple[str, ...] = ()
    date_order: str = "auto"
    allow_local: bool = False
    timeout_s: float = 20.0
    most_megabytes: int = 20
    rescrape: str = ""
    rescrape_timeout_s: float = 300.0
    quarantine_files: int = 10
    top: int = 10
    cache_minutes: float = 10.0
    engine: str = "torch"
    rating_scale: str = "auto"
    retune_impressions: int = 200
    max_retunes: int = 2


@dataclass(frozen=True)
class JobSettings:
    """When the daily jobs run: `at` is a time of the day, local, as "03:00"."""

    at: str = "03:00"


@dataclass(frozen=True)
class Settings:
    """Everything a run may be told."""

    seed: int = 0
    lock_wait_s: float = 5.0
    batch_rows: int = 50_000
    buckets: BucketSettings = field(default_factory=BucketSettings)
    keepers: KeeperSettings = field(default_factory=KeeperSettings)
    alerts: AlertSettings = field(default_factory=AlertSettings)
    opportunities: OpportunitySettings = field(default_factory=OpportunitySettings)
    jobs: JobSettings = field(default_factory=JobSettings)


LIMITS: dict[str, tuple[float, float]] = {
    "seed": (0, 2**32 - 1),
    "lock_wait_s": (0, 3600),
    "batch_rows": (1, 10_000_000),
    "threshold": (0, 1),
    "target_precision": (0, 1),
    "min_tracks": (2, 1000),
    "folds": (2, 50),
    "test_share": (0, 0.5),
    "n_estimators": (1, 5000),
    "k": (1, 1000),
    "smtp_port": (1, 65535),
    "timeout_s": (0.1, 600),
    "most_megabytes": (1, 1000),
    "rescrape_timeout_s": (1, 3600),
    "quarantine_files": (1, 10_000),
    "top": (1, 1000),
    "cache_minutes": (0, 1440),
    "retune_impressions": (50, 1_000_000),
    "max_retunes": (0, 30),
}

MODELS = (
    "hybrid",
    "hybrid:logistic",
    "hybrid:mlp",
    "hybrid:xgboost",
    "hybrid:random_forest",
    "hybrid:soft_vote",
    "hybrid:stack",
    "simple_ml",
)
"""Learners of buckets by name; "hybrid" is the one with the best head."""

ENGINES = ("torch", "onnx", "static", "none")
"""What embeds the sentence of a track."""

EXPLORATION_PROFILES = ("accuracy", "balanced", "diverse", "novel")
"""What a batch of listings leans to."""

CHOICES = {
    "model": MODELS,
    "engine": ENGINES,
    "mode": KEEPER_MODES,
    "exploration_profile": EXPLORATION_PROFILES,
    "smtp_security": ("starttls", "tls", "none"),
    "date_order": ("auto", "day first", "month first"),
    "rating_scale": ("auto", "0-1", "1-5"),
}

TEXTS = {"smtp_host", "smtp_user", "mail_from"}
"""Settings that are any text of one line."""
