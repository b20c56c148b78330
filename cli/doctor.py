"""`djlib doctor`: what is installed and how the workspace is."""

from __future__ import annotations

import typer

from . import _options as o


def doctor(json: o.Json = False, workspace: o.Workspace = None) -> None:
    """Say what is installed and what is broken.

    And what a missing part disables, and how the workspace is.

    Example: djlib doctor
    """
    from djlib.workflows.doctor import as_dicts, diagnose

    from ._session import Session, print_json
    from .render.text import line, table

    findings = diagnose(Session(workspace).workspace)
    if json:
        print_json(as_dicts(findings))
    else:
        table(["what", "state", ""], [(f.what, f.state, f.note) for f in findings])
        for finding in findings:
            if finding.state == "broken":  # in full: a table cuts it
                line(f"{finding.what} is {finding.state}: {finding.note}")
    if any(finding.state == "broken" for finding in findings):
        raise typer.Exit(1)
