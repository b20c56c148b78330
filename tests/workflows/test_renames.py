"""Renaming buckets: from what a person types to a model that calls them so."""

from __future__ import annotations

import pytest

from djlib.errors import NotFoundError, UsageError
from djlib.settings import Workspace
from djlib.tables.io import read_table
from djlib.workflows.buckets.corrections import corrections_so_far, n_logged, renames_so_far
from djlib.workflows.buckets.models import bucket_models, buckets_in_use
from djlib.workflows.buckets.renames import take_renames
from djlib.workflows.core.progress import NullReporter
from djlib.workflows.library.tracks import read_tracks
from tests.workflows.feeding import corrected, feed, second_choice


@pytest.fixture
def here(proposed: Workspace) -> Workspace:
    return proposed


def buckets(here: Workspace) -> dict[str, int]:
    return dict(bucket_models(here).current().metadata["buckets"])


def test_a_renamed_bucket_keeps_its_tracks_and_the_scan_stays_as_it_was(here: Workspace) -> None:
    before, scanned = buckets(here), here.tracks.read_bytes()
    old = next(iter(before))
    made = feed(here, renames=[f"{old}=Sunrise"])

    assert made.training is not None
    assert made.training.full_because == "there is a new bucket: Sunrise"
    assert made.training.promoted
    assert made.training.comparison is not None
    assert made.training.comparison.before > 0.5  # the old model's answers count under new names
    assert buckets(here)["Sunrise"] == before[old]
    assert old not in buckets(here)
    assert here.tracks.read_bytes() == scanned
    assert made.renamed[0].tracks == before[old]


def test_the_way_back_gives_the_old_names(here: Workspace) -> None:
    before = buckets(here)
    old = next(iter(before))
    take_renames(here, [f"{old}=Sunrise"])
    feed(here, corrected(here, lambda n, _: "Sunrise" if n < 2 else ""))
    feed(here, renames=[f"Sunrise={old}"])

    assert buckets(here).keys() == before.keys()
    assert {b for c, _ in corrections_so_far(here).values() for b in c.buckets} == {old}


def test_a_chain_in_one_go_and_one_after_the_other_say_the_same(here: Workspace) -> None:
    old = next(iter(buckets(here)))
    take_renames(here, [f"{old}=Dawn", "Dawn=Sunrise"])

    assert [r.new for r in renames_so_far(here)] == ["Dawn", "Sunrise"]
    assert "Sunrise" in buckets_in_use(here, {})
    assert not {old, "Dawn"} & set(buckets_in_use(here, {}))


def test_two_buckets_become_one_and_two_again(here: Workspace) -> None:
    before = buckets(here)
    one, other = list(before)[:2]
    merged = feed(here, renames=[f"{one}={other}"])
    assert buckets(here)[other] >= before[one] + before[other]
    back = feed(here, renames=[f"{other}={one}"])

    assert (merged.renamed[0].kind, back.renamed[0].kind) == ("merge", "undo")
    assert buckets(here) == before
    assert renames_so_far(here) == ()


def test_the_same_rename_twice_is_known_and_learned_once(here: Workspace) -> None:
    old = next(iter(buckets(here)))
    take_renames(here, [f"{old}=Sunrise"])  # and a kill before it was learned
    made = feed(here, renames=[f"{old}=Sunrise"])
    again = feed(here, renames=[f"{old}=Sunrise"])

    assert made.training is not None
    assert "Sunrise" in made.training.buckets
    assert again.renamed[0].known
    assert again.training is None
    assert n_logged(here) == 1


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        ("Sunrise", UsageError, "takes OLD=NEW"),
        ("=Sunrise", UsageError, "takes OLD=NEW"),
        ("THIS=", UsageError, "takes OLD=NEW"),
        ("THIS=a|b", UsageError, "takes OLD=NEW"),
        ("THIS=THIS", UsageError, "is called 'THIS' already"),
        ("THISx=Sunrise", NotFoundError, "did you mean 'THIS'"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_nothing_is_logged(
    here: Workspace, text: str, error: type[Exception], said: str
) -> None:
    this, other = list(buckets(here))[:2]
    with pytest.raises(error, match=said.replace("THIS", this)):
        take_renames(here, [f"{other}=Fine", text.replace("THIS", this)])
    assert n_logged(here) == 0


def test_a_name_may_hold_an_equals_sign(here: Workspace) -> None:
    old = next(iter(buckets(here)))
    take_renames(here, [f"{old}=A=B"])
    (taken,) = take_renames(here, ["A=B=C"], dry_run=True)

    assert (taken.old, taken.new) == ("A=B", "C")


def test_a_dry_run_checks_and_logs_nothing(here: Workspace) -> None:
    old = next(iter(buckets(here)))
    report = feed(here, renames=[f"{old}=Sunrise"], dry_run=True)

    assert report.renamed[0].new == "Sunrise"
    assert report.training is None
    assert n_logged(here) == 0


def test_a_file_older_than_the_rename_is_read_with_the_names_of_today(here: Workspace) -> None:
    table = read_table(here.predictions)
    old = str(table["predicted_bucket"].iloc[0])
    file = corrected(here, lambda _, row: old if row["predicted_bucket"] == old else "")
    report = feed(here, file, renames=[f"{old}=Sunrise"])

    assert {c.buckets for c in report.taken} == {("Sunrise",)}
    assert report.confirmed == len(report.taken) > 0
    assert any("renamed since: read as 'Sunrise'" in p.reason for p in report.problems)
    assert feed(here, file).taken == []


def test_corrections_that_look_like_a_rename_are_noticed_taken_or_not(here: Workspace) -> None:
    table = read_table(here.predictions)
    old = str(table["predicted_bucket"].value_counts().index[0])
    rows = [n for n, b in enumerate(table["predicted_bucket"]) if b == old][:4]
    file = corrected(here, lambda n, _: "Sunrise" if n in rows else "")

    assert feed(here, file, dry_run=True).like_renames == {old: "Sunrise"}
    assert feed(here, file, dry_run=True, allow_new=True).like_renames == {old: "Sunrise"}
    other = corrected(here, second_choice(*rows))
    assert feed(here, other, dry_run=True).like_renames == {}


def test_whoever_reads_the_library_sees_the_names_of_today(here: Workspace) -> None:
    old = next(iter(buckets(here)))
    take_renames(here, [f"{old}=Sunrise"])
    tracks, _, _ = read_tracks(here, here.tracks, NullReporter())

    assert "Sunrise" in set(tracks["bucket"])
    assert old not in set(tracks["bucket"])
    assert old in set(read_table(here.tracks)["bucket"])


def test_feedback_without_anything_to_do_says_what_it_takes(here: Workspace) -> None:
    with pytest.raises(UsageError, match="name a file of corrections, --rename or --satisfaction"):
        feed(here)
    with pytest.raises(UsageError, match="a note goes with a score"):
        feed(here, renames=["a=b"], note="why")
