"""A comparison of models in words and as Markdown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ...bucketing.comparison.model_comparison import PRECISION, CVResult, FoldKindResult
from ...bucketing.comparison.paired_tests import Effect, PairedComparison
from .comparison import CompareReport

KINDS = {"stratified": "new tracks", "artist": "tracks of new artists"}
"""What a kind of folds stands for."""


_FOLDER = " / "


@dataclass(frozen=True)
class Column:
    """A figure of the table: its heading, its value, how it is written, whether more is better,
    whether it is a share that a bar can show, and whether it stands where room is scarce."""

    heading: str
    value: Callable[[CVResult], float]
    shown: str = "{:.1%}"
    more: bool = True
    is_share: bool = False
    is_brief: bool = True

    def write(self, result: CVResult) -> str:
        """The figure in words."""
        return self.shown.format(self.value(result)).replace("%", " %")

    def best(self, results: Sequence[CVResult]) -> str:
        """How the best one is written; figures that look the same are equally good."""
        whole = [s for s in results if not s.failed]
        if len(whole) < 2:
            return ""
        return self.write((max if self.more else min)(whole, key=self.value))


def columns(is_multi: bool) -> list[Column]:
    """The figures shown, for one bucket a track or several."""

    def figure(name: str) -> Callable[[CVResult], float]:
        return lambda result: float(result.figures[name])

    share = [
        Column("right", figure("accuracy"), is_share=True),
        Column("in top 3", figure("top3_accuracy"), is_share=True),
        Column("macro F1", figure("macro_f1"), "{:.2f}", is_brief=not is_multi),
    ]
    if is_multi:
        share.append(Column("micro F1", figure("micro_f1"), "{:.2f}"))
    return [
        *share,
        Column("log-loss", figure("log_loss"), "{:.3f}", more=False),
        Column("calibration error", figure("calibration_error"), "{:.3f}", more=False),
        Column(
            f"sure at {100 * PRECISION:.0f} %", lambda s: s.sure.coverage if s.sure else 0.0,
            is_share=True,
        ),
        Column("fit s", lambda s: s.fit_s, "{:.2f}", more=False, is_brief=False),
        Column("predict s", lambda s: s.predict_s, "{:.2f}", more=False, is_brief=False),
    ]  # fmt: skip


def headline(report: CompareReport) -> str:
    """The answer in one sentence."""
    against = {result.against for result in report.rounds if result.against}
    if not against:
        return "Nothing could be compared."
    name = report.rounds[0].against or min(against)
    better = [
        d.name for result in report.rounds for d in result.comparisons if d.verdict == "better"
    ]
    if better:
        best = listed(list(dict.fromkeys(better)))
        return f"{best} did better than {name}."
    if all(d.verdict == "worse" for result in report.rounds for d in result.comparisons):
        return f"{name} did better than everything it was compared with."
    return f"Nothing did measurably better than {name}."


def sentences(report: CompareReport) -> list[str]:
    """What each round says, and what it does not."""
    lines = [_round(result) for result in report.rounds if result.against]
    failed = {s.name: s.failed for result in report.rounds for s in result.results if s.failed}
    lines += [f"{name} failed: {reason}" for name, reason in failed.items()]
    duels = [d for result in report.rounds for d in result.comparisons]
    doubted = sum(d.verdict != "cannot tell" and not d.is_confirmed for d in duels)
    if doubted:
        lines.append(
            f"Whether it would come out so again on other training tracks is less sure for "
            f"{doubted} of {len(duels)} comparisons (folds p); --repeats 3 tells more."
        )
    if report.too_small:
        named = listed([f"{bucket} ({n})" for bucket, n in report.too_small.items()])
        lines.append(f"Too few tracks to be measured: {named}.")
    return lines


def points(effect: Effect) -> str:
    """A difference of shares in points, with its interval.

    >>> points(Effect(0.05, 0.012, 0.09))
    '+5.0 points (+1.2 to +9.0)'
    """
    value, low, high = (f"{100 * x:+.1f}" for x in (effect.difference, effect.low, effect.high))
    return f"{value} points ({low} to {high})"


def p_value(p: float | None) -> str:
    """A p-value as it is written.

    >>> p_value(0.0003), p_value(0.0312), p_value(None)
    ('< 0.001', '0.031', '-')
    """
    return "-" if p is None else "< 0.001" if p < 0.001 else f"{p:.3f}"


def listed(names: Sequence[str]) -> str:
    """Names in a sentence.

    >>> listed(["a", "b", "c"]), listed(["a"])
    ('a, b and c', 'a')
    """
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def short_names(buckets: Sequence[str]) -> list[str]:
    """Buckets without the folders that all of them stand in.

    >>> short_names(["Crates / House / Deep", "Crates / Dub"]), short_names(["Crates / Dub"])
    (['House / Deep', 'Dub'], ['Dub'])
    """
    folders = [bucket.split(_FOLDER)[:-1] for bucket in buckets]
    shared = 0
    while folders and all(len(f) > shared and f[shared] == folders[0][shared] for f in folders):
        shared += 1
    return [_FOLDER.join(bucket.split(_FOLDER)[shared:]) for bucket in buckets]


def how(report: CompareReport) -> dict[str, str]:
    """How it was measured, for the small print."""
    rules = report.rules
    times = f", {rules.repeats} times with other folds" if rules.repeats > 1 else ""
    return {
        "folds": (
            f"{rules.n_folds}{times}; the same for every model. New tracks: a song never stands on "
            "both sides. New artists: a lead artist never does."
        ),
        "right": "the first choice is a bucket of the track",
        f"sure at {100 * PRECISION:.0f} %": (
            f"share of tracks answered when sure answers must be right {100 * PRECISION:.0f} % "
            "of the time"
        ),
        "intervals": "95 %, bootstrap over artists",
        "tests": (
            "McNemar's exact test on the tracks (first repeat), the corrected resampled t-test of "
            "Nadeau and Bengio over the folds, both adjusted by Holm for all comparisons. Better "
            "or worse needs the interval and McNemar to agree."
        ),
        "seconds": "of one fold, the middle one, on this machine with whatever else it was doing",
        **{f"model {name}": about for name, about in report.models.items()},
        "seed": str(rules.seed),
        "data": f"{report.name}, labels {report.fingerprint}",
        "software": ", ".join(f"{name} {number}" for name, number in report.software.items()),
    }


def compare_markdown(report: CompareReport) -> str:
    """The comparison as Markdown."""
    parts = [f"# {_plain(title(report))}", _plain(meta(report)), f"**{_plain(headline(report))}**"]
    parts.append("\n".join(f"- {_plain(sentence)}" for sentence in sentences(report)))
    shown = columns(report.is_multi)
    for result in report.rounds:
        rows = [
            [s.name, *([c.write(s) for c in shown] if not s.failed else [f"failed: {s.failed}"])]
            for s in result.results
        ]
        parts += [
            f"## On {KINDS[result.kind]}",
            _table(["model", *(c.heading for c in shown)], rows),
        ]
        if result.comparisons:
            parts.append(_table(list(DUEL_HEADINGS), [duel_row(d) for d in result.comparisons]))
    if report.saved:
        parts += ["## As saved", _table(["model", "right", "difference", "verdict"], saved(report))]
    if report.curve:
        labels = [[p.name, f"{p.labels:,}", f"{p.accuracy:.1%}", f"{p.log_loss:.3f}"]
                  for p in report.curve]  # fmt: skip
        parts += ["## With fewer labels", _table(["model", "labels", "right", "log-loss"], labels)]
    parts += ["## How this was measured",
              "\n".join(f"- {_plain(k)}: {_plain(v)}" for k, v in how(report).items())]  # fmt: skip
    return "\n\n".join(parts) + "\n"


DUEL_HEADINGS = ("model", "difference (95 %)", "fixed/broken", "McNemar p", "folds p", "verdict")
"""The columns that compare two models; p-values are adjusted."""


def duel_row(d: PairedComparison) -> list[str]:
    """A duel as a row under `DUEL_HEADINGS`."""
    pair = f"{d.fixed}/{d.broken}"
    p = p_value(d.p_rows_adjusted), p_value(d.p_folds_adjusted)
    return [d.name, points(d.accuracy), pair, *p, d.verdict]


def saved(report: CompareReport) -> list[list[str]]:
    """Versions as saved, as rows: name, right, difference, verdict."""
    rows = []
    for s in report.saved:
        c = s.comparison
        compared = (
            [points(Effect(c.difference, c.low, c.high)), c.verdict] if c else ["", "first named"]
        )
        name = f"{s.name}, as saved" if s.is_saved else s.name
        rows.append([name, f"{100 * s.accuracy:.1f} % of {s.n}", *compared])
    return rows


def title(report: CompareReport) -> str:
    """What was compared."""
    simple = len(report.models) - len(report.asked)
    others = [f"{simple} simple models"] if simple and len(report.asked) < 2 else []
    return f"{listed([*report.asked, *others])}, compared"


def meta(report: CompareReport) -> str:
    """On what and when."""
    several = "several buckets a track" if report.is_multi else "one bucket a track"
    return (
        f"{report.tracks:,} labelled tracks in {len(report.buckets)} buckets of {report.name} "
        f"({several}), {report.made_at[:16].replace('T', ' ')} UTC"
    )


def _round(result: FoldKindResult) -> str:
    base = result.result(result.against)
    accuracy = f"{100 * float(base.figures['accuracy']):.0f} %"
    parts = [f"On {KINDS[result.kind]}, {result.against} is right on {accuracy}."]
    for verdict, words in (("better", "Better"), ("worse", "Worse"), ("cannot tell", "No telling")):
        named = [
            f"{d.name} ({100 * d.accuracy.difference:+.1f} points)"
            for d in result.comparisons
            if d.verdict == verdict
        ]
        parts += [f"{words}: {listed(named)}."] if named else []
    return " ".join(parts)


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    width = len(headings)
    padded = [[*map(_plain, row), *[""] * (width - len(row))] for row in rows]
    lines = [list(headings), ["---"] * width, *padded]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _plain(words: str) -> str:
    """Text that Markdown takes for nothing else."""
    escaped = "".join(f"\\{sign}" if sign in "\\|*_`[]<>#" else sign for sign in words)
    return " ".join(escaped.split())
