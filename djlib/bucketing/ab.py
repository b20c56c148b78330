"""Two versions at work side by side, each for its own songs."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..evaluation.splits import of_second
from .assign import Proposer


class SideBySide:
    """Proposes as `Proposer` does, by one of two of them; `share` of the songs are the second's,
    and a song is always answered by the same."""

    def __init__(
        self, first: Proposer, second: Proposer, versions: tuple[str, str], share: float
    ) -> None:
        self._first, self._second = first, second
        self._versions, self._share = versions, share

    def propose(self, tracks: pd.DataFrame) -> pd.DataFrame:
        """Give the predictions table of `tracks`, row for row."""
        is_second = of_second(tracks, *self._versions, self._share)
        parts = [
            proposer.propose(tracks[chosen].reset_index(drop=True)).set_index(
                np.flatnonzero(chosen)
            )
            for proposer, chosen in ((self._first, ~is_second), (self._second, is_second))
            if chosen.any()
        ]
        if not parts:
            return self._first.propose(tracks)
        return pd.concat(parts).sort_index().reset_index(drop=True)
