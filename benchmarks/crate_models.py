"""The models of `crates.py`: djlib's own and what else a person could use for the same work.

Each is one function that learns from tracks and buckets and gives its buckets and the
probabilities of the tracks it is asked about. To add one, write a function and add it to MODELS.
skrub, CatBoost and SetFit are needed for their own lines only: pip install skrub catboost setfit.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.compose import ColumnTransformer, make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder

from djlib import HybridBucketAssigner, SimpleMLBucketAssigner
from djlib.bucketing.base import BucketAssigner
from djlib.bucketing.hybrid_heads import HEADS
from djlib.features.embedding.encoder import SentenceEmbedder, sentences
from djlib.features.embedding.model import model_folder

Answer = tuple[np.ndarray, np.ndarray]
Model = Callable[[pd.DataFrame, np.ndarray, pd.DataFrame], Answer]


def hybrid(train: pd.DataFrame, y: np.ndarray, test: pd.DataFrame) -> Answer:
    """djlib's hybrid model, as `djlib train` makes it."""
    return _djlib(HybridBucketAssigner(random_state=0), train, y, test)


def hybrid_undated(train: pd.DataFrame, y: np.ndarray, test: pd.DataFrame) -> Answer:
    """The hybrid without the date a track was added, which the peers do not read either."""
    return _djlib(HybridBucketAssigner(use_dates=False, random_state=0), train, y, test)


def hybrid_unembedded(train: pd.DataFrame, y: np.ndarray, test: pd.DataFrame) -> Answer:
    """The hybrid where the weights of the sentence embedding are not installed."""
    return _djlib(HybridBucketAssigner(engine=None, random_state=0), train, y, test)


def hybrid_with(head: str) -> Model:
    """The hybrid with another head than its best."""

    def model(train: pd.DataFrame, y: np.ndarray, test: pd.DataFrame) -> Answer:
        return _djlib(HybridBucketAssigner(head=head, random_state=0), train, y, test)

    model.__name__ = f"hybrid_{head}"
    return model


def simple_ml(train: pd.DataFrame, y: np.ndarray, test: pd.DataFrame) -> Answer:
    """djlib's first model."""
    return _djlib(SimpleMLBucketAssigner(random_state=0), train, y, test)


def _djlib(model: BucketAssigner, train: pd.DataFrame, y: np.ndarray, test: pd.DataFrame) -> Answer:
    model.fit(train, y)
    return model.classes_, model.predict_proba(test)


def plain_forest(train: pd.DataFrame, y: np.ndarray, test: pd.DataFrame) -> Answer:
    """A forest as most people would write it: tempo, key and genre, all settings at default."""
    model = make_pipeline(_tabular(), RandomForestClassifier(300, random_state=0)).fit(train, y)
    return model.classes_, model.predict_proba(test)


def tfidf_logistic(train: pd.DataFrame, y: np.ndarray, test: pd.DataFrame) -> Answer:
    """Words, characters and artists by TF-IDF, tempo in steps, key; logistic regression."""

    def line(x: pd.DataFrame) -> pd.Series:
        return x["artist"] + " ; " + x["title"] + " ; " + x["genres"]

    def steps(x: pd.DataFrame) -> np.ndarray:
        place = ((x["bpm"].fillna(0) - 60) // 12).astype(int)
        return np.eye(12)[np.clip(place, 0, 11)]

    def artist(x: pd.DataFrame) -> pd.Series:
        return x["artist"].replace("", "unknown")

    parts = [
        (line, TfidfVectorizer(
            sublinear_tf=True, ngram_range=(1, 2), token_pattern=r"(?u)\b\w+\b"
        )),
        (line, TfidfVectorizer(
            analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True, min_df=2, max_features=40_000
        )),
        (artist, TfidfVectorizer(token_pattern=r"[^,;&]+")),
        (lambda x: x["genres"].replace("", "none"), CountVectorizer(token_pattern=r"[^,;/|]+")),
        (lambda x: x[["key"]], OneHotEncoder(handle_unknown="ignore")),
        (steps, FunctionTransformer()),
    ]  # fmt: skip
    learned = sparse.hstack([part.fit_transform(read(train)) for read, part in parts])
    asked = sparse.hstack([part.transform(read(test)) for read, part in parts])
    model = LogisticRegression(C=8, max_iter=150, tol=1e-3).fit(learned.tocsr(), y)
    return model.classes_, model.predict_proba(asked.tocsr())


def sbert_logistic(train: pd.DataFrame, y: np.ndarray, test: pd.DataFrame) -> Answer:
    """Logistic regression on the embedding of the sentence."""
    embed = SentenceEmbedder().transform
    model = LogisticRegression(C=10, max_iter=300, tol=1e-3).fit(embed(train), y)
    return model.classes_, model.predict_proba(embed(test))


def sbert_forest(train: pd.DataFrame, y: np.ndarray, test: pd.DataFrame) -> Answer:
    """A plain forest on the embedding of the sentence, tempo, key and genre."""
    columns = make_union(SentenceEmbedder(), _tabular())
    model = make_pipeline(columns, RandomForestClassifier(300, random_state=0)).fit(train, y)
    return model.classes_, model.predict_proba(test)


def skrub_boosting(train: pd.DataFrame, y: np.ndarray, test: pd.DataFrame) -> Answer:
    """skrub's default pipeline for a table: string encoding and gradient boosting."""
    from skrub import tabular_pipeline

    model = tabular_pipeline("classifier").fit(train[_TABLE], y)
    return model.classes_, model.predict_proba(test[_TABLE])


def catboost_text(train: pd.DataFrame, y: np.ndarray, test: pd.DataFrame) -> Answer:
    """CatBoost with artist, title, album, label and genres as text features."""
    from catboost import CatBoostClassifier

    names = ("artist", "title", "genres", "album", "label")
    texts = [name for name in names if train[name].nunique() > 10]

    def columns(x: pd.DataFrame) -> pd.DataFrame:
        return x[[*texts, "key", "bpm"]].assign(
            **{name: x[name].replace("", "none") for name in [*texts, "key"]}
        )

    model = CatBoostClassifier(
        iterations=150, text_features=texts, cat_features=["key"], verbose=0, random_seed=0,
        allow_writing_files=False,
    ).fit(columns(train), y)  # fmt: skip
    return model.classes_, model.predict_proba(columns(test))


def setfit_few(train: pd.DataFrame, y: np.ndarray, test: pd.DataFrame) -> Answer:
    """SetFit: the sentence model tuned on 16 tracks a bucket, then logistic regression."""
    from datasets import Dataset
    from setfit import SetFitModel, Trainer, TrainingArguments

    few = pd.DataFrame({"text": sentences(train), "label": y}).groupby("label").head(16)
    model = SetFitModel.from_pretrained(str(model_folder(None)))
    asked = TrainingArguments(
        num_epochs=1, max_steps=300, batch_size=16, report_to="none", save_strategy="no"
    )
    Trainer(model, asked, train_dataset=Dataset.from_pandas(few.reset_index(drop=True))).train()
    learned, unseen = (model.model_body.encode(sentences(x)) for x in (train, test))
    head = LogisticRegression(C=10, max_iter=300).fit(learned, y)
    return head.classes_, head.predict_proba(unseen)


def _tabular() -> ColumnTransformer:
    genres = CountVectorizer(token_pattern=r"[^,;/|]+")
    return make_column_transformer(
        (SimpleImputer(keep_empty_features=True), ["bpm"]),
        (OneHotEncoder(handle_unknown="ignore"), ["key"]),
        (genres, "genres"),
    )


_TABLE = ["artist", "title", "album", "label", "genres", "bpm", "key", "year"]

_HEADS = [hybrid_with(head) for head in HEADS if head != "logistic"]
PEERS: dict[str, Model] = {
    model.__name__: model
    for model in (
        plain_forest, simple_ml, sbert_forest, sbert_logistic, tfidf_logistic, skrub_boosting,
        catboost_text, setfit_few, hybrid_unembedded, hybrid_undated, hybrid,
    )
}  # fmt: skip
MODELS = PEERS | {model.__name__: model for model in _HEADS}
SMALL = {"setfit_few": 800, "catboost_text": 1200, "hybrid_stack": 800}
"""Models too slow for libraries of more tracks than this."""
