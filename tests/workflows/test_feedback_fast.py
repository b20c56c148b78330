"""The fast path: when it is taken, what it carries over, and that it obeys the same judge."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

import djlib.workflows.buckets.before_after as before_after
from djlib.bucketing.simple_ml import SimpleMLBucketAssigner
from djlib.bucketing.training import assemble
from djlib.evaluation.significance import Comparison
from djlib.evaluation.splits import song_groups
from djlib.settings import Workspace, load_settings
from djlib.tables.io import read_table
from djlib.workflows.buckets.before_after import never_unlearned, why_full
from djlib.workflows.buckets.corrections import corrections_so_far, n_logged
from djlib.workflows.buckets.models import InUse, bucket_models, figures_of, in_use, out_of_fold
from djlib.workflows.buckets.train import train_buckets
from tests.workflows.feeding import corrected, feed, propose, second_choice
from tests.workflows.listening import Listener

pytestmark = pytest.mark.slow

WORSE = Comparison(40, 0.8, 0.5, -0.3, -0.4, -0.2, 0, 12, 0.001)


@pytest.fixture
def here(proposed: Workspace) -> Workspace:
    return proposed


def test_a_handful_of_corrections_carries_the_measurement_over(here: Workspace) -> None:
    parent = bucket_models(here).current()
    made = feed(here, corrected(here, second_choice(0, 1, 2))).training

    assert made is not None
    assert (made.update, made.full_because, made.changed_labels) == ("fast", "", 3)
    assert (made.parent, made.measured_by, made.promoted) == (parent.id, parent.id, True)
    assert made.figures == figures_of(here, parent)
    assert made.figures["stratified"]["per_bucket"]
    for mine, theirs in zip(
        out_of_fold(here, made.version), out_of_fold(here, parent.id), strict=True
    ):
        assert (mine == theirs).all()
    version = bucket_models(here).current()
    assert version.id == made.version
    assert version.metadata["abstention"] == parent.metadata["abstention"]
    assert (version.metadata["update"], version.metadata["measured_by"]) == ("fast", parent.id)
    assert version.metadata["corrections_logged"] == n_logged(here) == 3


def test_the_model_in_use_is_updated_with_all_rows_and_the_corrections_among_them(
    here: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    update = SimpleMLBucketAssigner.update

    def note(model: SimpleMLBucketAssigner, X: object, y: object) -> SimpleMLBucketAssigner:
        seen.append((X, y))
        return update(model, X, y)  # type: ignore[arg-type]

    monkeypatch.setattr(SimpleMLBucketAssigner, "update", note)
    before = bucket_models(here).load().labelled_
    feed(here, corrected(here, second_choice(0, 1)))

    ((tracks, labels),) = seen
    said = dict(zip(tracks["track_id"], labels, strict=True))
    asked = read_table(here.predictions).head(2)
    assert len(said) == len(before) + 2
    assert [said[t] for t in asked["track_id"]] == asked["second_bucket"].tolist()


def test_a_person_may_ask_for_either_way(here: Workspace) -> None:
    full = feed(here, corrected(here, second_choice(0)), pace="full").training
    fast = feed(here, corrected(here, second_choice(*range(30))), pace="fast").training

    assert full is not None
    assert fast is not None
    assert (full.update, full.measured_by, full.full_because) == ("full", None, "")
    assert (fast.update, fast.changed_labels) == ("fast", 29)


def test_many_corrections_are_measured_anew_and_it_is_said_why(here: Workspace) -> None:
    made = feed(here, corrected(here, second_choice(*range(21)))).training

    assert made is not None
    assert made.update == "full"
    assert made.full_because == "21 labels changed since it was last measured, more than 20"


def test_small_steps_add_up_until_it_is_time_to_measure(here: Workspace) -> None:
    measured = bucket_models(here).current().id
    steps = [range(8), range(8, 16), range(16, 24), range(24, 26)]
    made = [feed(here, corrected(here, second_choice(*step))).training for step in steps]

    assert [m and m.update for m in made] == ["fast", "fast", "full", "fast"]
    assert [m and m.changed_labels for m in made] == [8, 16, 0, 2]
    assert [m and m.measured_by for m in made] == [measured, measured, None, made[2].version]  # type: ignore[union-attr]


def test_another_set_of_buckets_another_kind_of_label_or_model_is_learned_anew(
    here: Workspace,
) -> None:
    served = in_use(here)
    assert served.model is not None
    training = assemble(read_table(here.tracks), {}, test_share=0.2)
    names = sorted(training.sizes)

    def why(old: str = "", new: str = "", is_multi: bool = False, trees: int = 8) -> str:
        labels = [[new if b == old else b for b in row] for row in training.labels]
        fresh = SimpleMLBucketAssigner(trees, random_state=7)
        asked = replace(training, labels=labels, is_multi=is_multi)
        return why_full(served, asked, fresh, "fast")

    assert why() == ""
    assert why(names[0], "Sunrise") == "there is a new bucket: Sunrise"
    assert why(names[0], names[1]) == f"a bucket is gone: {names[0]}"
    assert why(is_multi=True) == "tracks sit in several buckets now"
    assert why(trees=9) == "the settings ask for another model than the one in use"
    assert why_full(InUse(None, None, "no model"), training, served.model, "fast") == "no model"


def test_train_always_measures(here: Workspace) -> None:
    feed(here, corrected(here, second_choice(0)))
    made = train_buckets(here, load_settings(here.root, {}), talk=Listener())

    assert (made.update, made.measured_by, made.changed_labels) == ("full", None, 0)


def test_both_models_stand_before_the_same_songs_that_neither_has_seen(here: Workspace) -> None:
    before = bucket_models(here).load()
    aside = assemble(read_table(here.tracks), {}, test_share=0.2).kept_aside
    ids = list(aside.tracks["track_id"])[:2]
    propose(here, rows="all")
    file = corrected(here, lambda _, row: row["second_bucket"] if row["track_id"] in ids else "")
    made = feed(here, file).training
    after = bucket_models(here).load()

    assert made is not None
    assert made.comparison is not None
    assert made.update == "fast"
    assert made.comparison.n == len(aside.tracks) - 2 == made.kept_aside
    assert set(ids) <= set(after.labelled_["track_id"])
    now = assemble(read_table(here.tracks), corrections_so_far(here), test_share=0.2).kept_aside
    for model in (before, after):
        assert not set(song_groups(now.tracks)) & set(song_groups(model.labelled_))


def test_a_song_once_learned_is_no_test_song_for_a_model_that_goes_on(here: Workspace) -> None:
    model = bucket_models(here).load()
    training = assemble(read_table(here.tracks), {}, test_share=0.2)
    seen = training.kept_aside.tracks.head(3)
    model.labelled_ = pd.concat([model.labelled_, seen], ignore_index=True)
    kept = never_unlearned(training, model)

    assert int(training.aside.sum()) - int(kept.aside.sum()) == 3
    assert set(seen["track_id"]) <= set(kept.learned.tracks["track_id"])
    assert len(kept.tracks) == len(training.tracks)


def test_a_worse_update_is_kept_but_not_served(
    here: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    parent = bucket_models(here).current().id
    monkeypatch.setattr(before_after, "compare_paired", lambda *_, **__: WORSE)
    made = feed(here, corrected(here, second_choice(0))).training

    assert made is not None
    assert (made.update, made.promoted) == ("fast", False)
    assert bucket_models(here).current().id == parent
    assert len(bucket_models(here).versions()) == 2


def test_memory_is_counted_of_the_new_corrections_only(here: Workspace) -> None:
    first = feed(here, corrected(here, second_choice(0, 1, 2))).training
    second = feed(here, corrected(here, second_choice(0, 1, 2, 5))).training

    assert first is not None
    assert second is not None
    assert first.memory is not None
    assert second.memory is not None
    assert (first.memory.corrected, first.memory.before) == (3, 0)
    assert second.memory.corrected == 1


def test_a_cut_off_update_is_picked_up_fast(
    here: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = corrected(here, second_choice(0, 1))

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as killed:
        killed.setattr("djlib.workflows.buckets.feedback.learn", die)
        with pytest.raises(KeyboardInterrupt):
            feed(here, file)
    again = feed(here, file)

    assert (again.taken, again.known) == ([], 2)
    assert again.training is not None
    assert again.training.update == "fast"
    assert feed(here, file).training is None
