"""`djlib train`: learn from what is sorted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import _options as o

if TYPE_CHECKING:
    from djlib.workflows.keepers.warm_start import WarmReport

    from ._session import Session


def train(
    source: Annotated[
        Path | None, typer.Argument(help="A table or library; default: what was scanned.")
    ] = None,
    target_precision: o.TargetPrecision = None,
    threshold: o.Threshold = None,
    chart: Annotated[
        Path | None,
        typer.Option("--chart", help="Draw confidence against truth: .png, .svg or .html."),
    ] = None,
    model: o.Model = None,
    engine: o.Engine = None,
    keepers: Annotated[
        bool,
        typer.Option("--keepers", help="Learn from the records you own, want or said to keep."),
    ] = False,
    opportunities: Annotated[
        bool, typer.Option("--opportunities", help="Learn from how calls were rated.")
    ] = False,
    several: o.Several = None,
    promote: o.Promote = None,
    seed: o.Seed = None,
    json: o.Json = False,
    workspace: o.Workspace = None,
    wait: o.Wait = None,
    verbose: o.Verbose = False,
) -> None:
    """Learn from what you did, and measure how well.

    Example: djlib train --target-precision 0.9
    """
    from djlib.formats.records.listings import holds_listings
    from djlib.reporting.charts import chart_kind
    from djlib.workflows.buckets.train import draw_confidence, train_buckets

    from ._session import Session
    from ._training_report import training_report

    if chart:
        chart_kind(chart)  # refused before the work, not after it
    buckets = {
        "threshold": threshold,
        "target_precision": target_precision,
        "model": model,
        "engine": engine,
    }
    session = Session(
        workspace, as_json=json, verbose=verbose, wait=wait, seed=seed, buckets=buckets
    )
    if opportunities:
        _opportunities(session)
        return
    if keepers or (source is not None and holds_listings(source)):
        _keepers(session, source)
        return
    report = train_buckets(
        session.workspace,
        session.settings,
        source,
        several=several,
        promotion=o.promotion(promote),
        talk=session.talk,
    )
    session.show(report, training_report)
    if chart:
        draw_confidence(session.workspace, report, chart)
        session.talk.say(f"Written: {chart}")


def _opportunities(session: Session) -> None:
    from djlib.workflows.opportunities.feedback import train_opportunities

    from ._rating_report import rating_report

    session.show(
        train_opportunities(session.workspace, session.settings, talk=session.talk), rating_report
    )


def _keepers(session: Session, source: Path | None) -> None:
    from djlib.workflows.keepers.warm_start import warm_start

    report = warm_start(session.workspace, session.settings, source, talk=session.talk)
    session.show(report, render_keepers)


def render_keepers(report: WarmReport) -> None:
    """Draw what was learned from and what to do next."""
    from ._render import heading, line, next_steps, problems

    heading(f"Learned from {report.keepers:,} keepers and {report.passed:,} passed records")
    if report.guessed:
        line(f"{report.guessed:,} other listings stand for what you pass, until you are asked.")
    line(f"{report.known:,} were known already. Version {report.version}.")
    problems(report.problems)
    next_steps("djlib select-batch    chooses the next records worth a look")
