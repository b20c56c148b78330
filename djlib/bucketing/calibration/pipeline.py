"""The order in which raw votes become probabilities, as one object whose steps can be inspected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from ...evaluation.calibration import Calibration
from ..labels import Labels
from .calibrators import ClassBiasCorrection, MultiLabelCalibrator, TopLabelCalibrator
from .novelty import is_out_of_range
from .out_of_fold import OutOfFoldPredictions

Step = ClassBiasCorrection | Calibration | TopLabelCalibrator | MultiLabelCalibrator


@dataclass
class ProbabilityCorrection:
    """Votes corrected step by step, each step learned from what the steps before it give.

    1. "class_bias" shifts the votes of buckets voted for too rarely or too often (one bucket a
       track only).
    2. "calibration" mixes in the base rates, so that a track of which nothing is known gets those,
       and applies the temperature.
    3. "novelty" corrects the first choice, or each of several buckets, by what is known of the
       track's artist, song and date.

    Attributes
    ----------
    class_bias_ : ClassBiasCorrection or None, the first step; None where it is left out.
    calibration_ : Calibration or None, the second step; None before `fit`.
    novelty_ : TopLabelCalibrator, MultiLabelCalibrator or None, the third step; None where it is
        left out.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> truth = np.eye(2, dtype=int)[rng.integers(0, 2, 500)]
    >>> votes = np.where(rng.random((500, 1)) < 0.7, truth, 1 - truth) * 0.98 + 0.01
    >>> correction = ProbabilityCorrection().fit_votes(votes, Labels(("a", "b"), truth, False))
    >>> [name for name, _ in correction.steps]
    ['calibration']
    >>> round(float(correction.apply(votes).max(axis=1).mean()), 1)
    0.7
    """

    class_bias_: ClassBiasCorrection | None = None
    calibration_: Calibration | None = None
    novelty_: TopLabelCalibrator | MultiLabelCalibrator | None = None

    @property
    def steps(self) -> list[tuple[str, Step]]:
        """Name and step in the order of application, without those left out."""
        steps = [
            ("class_bias", self.class_bias_),
            ("calibration", self.calibration_),
            ("novelty", self.novelty_),
        ]
        return [(name, step) for name, step in steps if step is not None]

    def fit(self, predictions: OutOfFoldPredictions, labels: Labels) -> Self:
        """Learn all steps from out-of-fold votes on the tracks of `labels`; give itself."""
        bias = None
        if not labels.is_multi:
            bias = predictions.fit_bias_correction(labels.truth)
            predictions = predictions.shifted(bias)
        self.fit_votes(predictions.stratified.votes, labels)
        self.class_bias_ = bias
        assert self.calibration_ is not None
        self.novelty_ = predictions.fit_calibrator(self.calibration_, labels)
        return self

    def fit_votes(self, votes: np.ndarray, labels: Labels) -> Self:
        """Learn "calibration" alone, from out-of-sample votes (n, buckets) with NaN rows where
        there are none; give itself."""
        answered = np.isfinite(votes).all(axis=1)
        self.class_bias_ = self.novelty_ = None
        self.calibration_ = Calibration.fit(
            votes[answered], labels.truth[answered], is_multi=labels.is_multi
        )
        return self

    def apply(self, votes: np.ndarray, novelty: np.ndarray | None = None) -> np.ndarray:
        """Give probabilities (n, buckets) for votes of that shape; `novelty` (n, 3) are the
        features of `NoveltyFeatures`, needed where there is a step of that name."""
        for _, step in self.steps:
            if isinstance(step, TopLabelCalibrator | MultiLabelCalibrator):
                assert novelty is not None
                votes = step.apply(votes, novelty)
            else:
                votes = step.apply(votes)
        return votes

    def counterfactual_confidence(
        self, votes: np.ndarray, novelty: np.ndarray
    ) -> list[dict[str, float]]:
        """Give, for each track, the probability of its first choice were its "artist", or its
        "day", not new to the model. What is not new is not named; nothing is where there is no
        step "novelty".

        >>> correction = ProbabilityCorrection(
        ...     calibration_=Calibration((0.5, 0.5), is_multi=False),
        ...     novelty_=TopLabelCalibrator(weights=(1.0, 0.0, 0.0)),
        ... )
        >>> votes, novelty = np.array([[0.6, 0.4]] * 2), np.array([[0.0, 0, 0], [1, 0, 0]])
        >>> [list(row) for row in correction.counterfactual_confidence(votes, novelty)]
        [['artist'], []]
        """
        confidences: list[dict[str, float]] = [{} for _ in votes]
        if self.novelty_ is None:
            return confidences
        proba = ProbabilityCorrection(self.class_bias_, self.calibration_).apply(votes)
        rows, first = np.arange(len(proba)), proba.argmax(axis=1)
        is_new = {"artist": (0, novelty[:, 0] == 0, 1.0), "day": (2, is_out_of_range(novelty), 0.0)}
        for name, (column, affected, usual) in is_new.items():
            changed = novelty.copy()
            changed[:, column] = usual
            top = self.novelty_.apply(proba, changed)[rows, first]
            for row in np.flatnonzero(affected):
                confidences[row][name] = float(top[row])
        return confidences

    def as_dict(self) -> dict[str, Any]:
        """Plain values under the keys of a model's settings file: "calibration", "leaning" (the
        class bias) and "confidence" (the step "novelty")."""
        return {
            key: step.as_dict() if step is not None else None
            for key, step in (
                ("calibration", self.calibration_),
                ("leaning", self.class_bias_),
                ("confidence", self.novelty_),
            )
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Read back what `as_dict` gave; further keys are passed over. Older files lack "leaning"
        and, with several buckets a track, hold null as "confidence": those steps are left out."""
        bias, novelty = values.get("leaning"), values.get("confidence")
        calibration = Calibration.from_dict(values["calibration"])
        kind = MultiLabelCalibrator if calibration.is_multi else TopLabelCalibrator
        return cls(
            ClassBiasCorrection.from_dict(bias) if bias else None,
            calibration,
            kind.from_dict(novelty) if novelty else None,
        )
