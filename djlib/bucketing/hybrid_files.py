"""The hybrid model on disk: settings and vocabulary as JSON, coefficients by skops, tracks as
Parquet."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from zipfile import ZIP_DEFLATED

import skops.io

from ..evaluation.confidence import Confidence
from ..evaluation.leaning import Leaning
from ..evaluation.several_confidence import SeveralConfidence
from ..features.track_columns import TrackColumns
from ..tables.atomic import write_json
from ..tables.io import read_table, write_table

if TYPE_CHECKING:
    from .hybrid import HybridBucketAssigner

    Model = TypeVar("Model", bound=HybridBucketAssigner)

_SETTINGS, _VOCABULARY = "settings.json", "vocabulary.json"
_PARTS, _LABELLED = "parts.skops", "labelled.parquet"
_TRUSTED = [
    "djlib.bucketing.hybrid_heads.EstimatorHead",
    "djlib.bucketing.hybrid_heads.JointHead",
    "djlib.bucketing.hybrid_heads.LogisticHead",
    "djlib.bucketing.umap_shape.UmapShape",
    "sklearn.multiclass._ConstantPredictor",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.tree._tree.Tree",
    "sklearn.utils._label.LabelBinarizer",
    "xgboost.core.Booster",
    "xgboost.sklearn.XGBClassifier",
]
"""What a model may be built of; a file that names anything else is refused."""


def save(model: HybridBucketAssigner, folder: Path) -> None:
    """Write `model` into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    learned = {"leaning": model.leaning_, "confidence": model.confidence_}
    said = {name: found.as_dict() if found else None for name, found in learned.items()}
    write_json(folder / _SETTINGS, model._settings() | said)
    write_json(folder / _VOCABULARY, model.columns_.as_dict())
    parts = {"head": model.head_, "means": model.means_, "sentences": model.sentences_}
    skops.io.dump(parts, folder / _PARTS, compression=ZIP_DEFLATED, compresslevel=1)
    write_table(model.labelled_, folder / _LABELLED)


def load(kind: type[Model], folder: Path) -> Model:
    """Read back what `save` wrote; only the types it writes are built."""
    settings = json.loads((folder / _SETTINGS).read_text(encoding="utf-8"))
    vocabulary = json.loads((folder / _VOCABULARY).read_text(encoding="utf-8"))
    parts = skops.io.load(folder / _PARTS, trusted=_TRUSTED)
    model = kind._from_settings(settings)
    leaning, confidence = settings.get("leaning"), settings["confidence"]  # once without the former
    curve: type[Confidence | SeveralConfidence]
    curve = SeveralConfidence if model.is_multi_ else Confidence
    model.leaning_ = Leaning.from_dict(leaning) if leaning else None
    model.confidence_ = curve.from_dict(confidence) if confidence else None  # once several had none
    model.columns_ = TrackColumns.from_dict(vocabulary, model.cache)
    model.head_, model.means_ = parts["head"], parts["means"]
    model.sentences_ = parts["sentences"]
    model.labelled_ = read_table(folder / _LABELLED, schema="tracks", duplicates="keep")
    return model
