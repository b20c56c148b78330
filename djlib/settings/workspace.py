"""The workspace: which folder it is, and where in it everything lies."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..errors import UsageError

SETTINGS_FILE = "djlib.toml"
ENV_HOME = "DJLIB_HOME"


@dataclass(frozen=True)
class Workspace:
    """The folder a person works in: `data/`, `models/` and `logs/`, made when first written to.

    >>> Workspace(Path("sets")).tracks.as_posix()
    'sets/data/tracks.parquet'
    """

    root: Path

    @classmethod
    def find(cls, given: Path | None = None, environ: Mapping[str, str] | None = None) -> Workspace:
        """`given`, else `DJLIB_HOME`, else the nearest folder upward with a djlib.toml, else here.

        Raises `UsageError` when the folder asked for is a file.
        """
        env = os.environ if environ is None else environ
        if given is None and env.get(ENV_HOME):
            given = Path(env[ENV_HOME])
        if given is not None:
            root = given.expanduser().absolute()
            if root.exists() and not root.is_dir():
                raise UsageError(f"the workspace {root} is a file; name a folder")
            return cls(root)
        here = Path.cwd()
        holder = next((p for p in (here, *here.parents) if (p / SETTINGS_FILE).is_file()), here)
        return cls(holder)

    @property
    def data(self) -> Path:
        """Tables people and programs exchange."""
        return self.root / "data"

    @property
    def models(self) -> Path:
        """Model versions and the current model."""
        return self.root / "models"

    @property
    def logs(self) -> Path:
        """What runs wrote down for a person to look at."""
        return self.root / "logs"

    @property
    def tracks(self) -> Path:
        """The scanned library."""
        return self.data / "tracks.parquet"

    @property
    def training(self) -> Path:
        """Hand-made training labels, used where nothing was scanned."""
        return self.data / "training.csv"

    @property
    def predictions(self) -> Path:
        """The file a person corrects."""
        return self.data / "bucket_predictions.csv"

    @property
    def listings(self) -> Path:
        """The scanned listings."""
        return self.data / "listings.parquet"

    @property
    def batch(self) -> Path:
        """The listings asked about: the file a person answers in."""
        return self.data / "batch.csv"

    @property
    def opportunities(self) -> Path:
        """The scanned calls."""
        return self.data / "opportunities.parquet"

    @property
    def recommendations(self) -> Path:
        """The calls recommended last: the file a person rates them in."""
        return self.data / "recommendations.csv"

    @property
    def source_samples(self) -> Path:
        """What sources of calls usually bring."""
        return self.data / "source_samples.parquet"

    @property
    def quarantine(self) -> Path:
        """Calls of sources that looked broken, kept aside."""
        return self.data / "quarantine"

    @property
    def history(self) -> Path:
        """What exports and tag writes changed, and what was there before."""
        return self.data / "history"

    @property
    def duplicates(self) -> Path:
        """Songs that lie in several files."""
        return self.data / "duplicates.csv"

    @property
    def metrics(self) -> Path:
        """Figures of the last training."""
        return self.root / "metrics.json"

    @property
    def low_confidence(self) -> Path:
        """Predictions under the threshold."""
        return self.logs / "low_confidence.csv"

    @property
    def explanations(self) -> Path:
        """Predictions taken apart, when asked for."""
        return self.logs / "bucket_explanations.jsonl"

    @property
    def events(self) -> Path:
        """The append-only logs."""
        return self.data / "events"
