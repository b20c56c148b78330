"""Jobs that ran, and what has changed around the models, drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .text import heading, line, table

if TYPE_CHECKING:
    from djlib.jobs.monitor import MonitorReport
    from djlib.jobs.run_job import JobReport
    from djlib.jobs.slots import JobRun


def job_done(report: JobReport) -> None:
    for step in report.steps:
        name = f"{step.job} {step.learner}".strip()
        line(f"{name} {step.slot}: {step.outcome}: {step.said}")
    if not report.steps:
        line("Nothing to do: run 'djlib scan LIBRARY' first.")


def runs_past(runs: list[JobRun]) -> None:
    if not runs:
        line("No job has run yet: 'djlib jobs run daily' runs all of them.")
        return
    table(
        ["started (UTC)", "job", "for", "ended", "seconds", "what came of it"],
        [
            (
                r.started_at[:19].replace("T", " "),
                f"{r.job} {r.learner}".strip(),
                r.slot,
                r.outcome,
                "" if r.seconds is None else f"{r.seconds:.1f}",
                r.said,
            )
            for r in runs
        ],
        right="seconds",
        widths={"what came of it": 70},
    )


def models_monitored(found: MonitorReport) -> None:
    if not found.watched:
        line("No model yet: run 'djlib train' or 'djlib feedback' first.")
    for watched in found.watched:
        heading(f"{watched.learner} {watched.version}")
        table(
            ["kind", "what", "verdict", "how far", "p", "days", "in words"],
            [
                (
                    one.finding.kind,
                    one.finding.what,
                    "confirmed" if one.is_confirmed else one.finding.verdict,
                    "" if one.finding.effect is None else f"{one.finding.effect:.2f}",
                    "" if one.finding.p_value is None else f"{one.finding.p_value:.3f}",
                    f"{one.times} of {one.of}",
                    one.finding.words,
                )
                for one in watched.seen
            ],
            right="how far,p",
            widths={"in words": 60},
        )
