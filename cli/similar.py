"""`djlib similar`: records like this one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from . import _options as o

if TYPE_CHECKING:
    from djlib.workflows.keepers.similar import SimilarReport

_SAID = {1: "kept", 0: "passed", None: ""}


def similar(
    record: Annotated[str, typer.Argument(help="Its listing_id, or a piece of artist and title.")],
    n: Annotated[int, typer.Option("--n", "-n", min=1, help="How many.")] = 10,
    json: o.Json = False,
    workspace: o.Workspace = None,
    verbose: o.Verbose = False,
) -> None:
    """Find records like one you name.

    The nearest in the taste space that your answers made, and what they share.

    Example: djlib similar "shades of jae"
    """
    from djlib.workflows.keepers.similar import similar_records

    from ._session import Session

    session = Session(workspace, as_json=json, verbose=verbose)
    report = similar_records(session.workspace, session.settings, record, n=n, talk=session.talk)
    session.show(report, render)


def render(report: SimilarReport) -> None:
    """Draw the records, the nearest first."""
    from ._render import bar, heading, line, table

    heading(f"Like {report.name} ({report.listing_id})")
    table(
        ["record", "label", "close", "", "both have"],
        [
            (
                one.name,
                one.label,
                f"{bar(max(one.closeness, 0), 5)} {one.closeness:.2f}",
                _SAID[one.keeper],
                ", ".join(one.shares) or "-",
            )
            for one in report.near
        ],
        widths={"label": 20},
    )
    if not report.version:
        line("Nothing is learned yet: this goes by what is written on the records alone.")
