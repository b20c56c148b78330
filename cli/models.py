"""`djlib models`: versions of the models; which is served, and going back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from . import _options as o

if TYPE_CHECKING:
    from djlib.registry import Registry, Version
    from djlib.workflows.model_versions import Learner

app = typer.Typer(help="Versions of the model, and going back.", no_args_is_help=True)

_FAST = {"fast": "ok (figures of its parent)"}

_Version = Annotated[
    str, typer.Argument(help="An id, the beginning of one, 'current' or 'previous'.")
]


_Learner = Annotated[
    Literal["bucket", "keeper", "opportunity"] | None,
    typer.Option(
        "--learner",
        help="Whose versions. Default: those there are, else of buckets.",
        show_default=False,
    ),
]


def _open(
    workspace: Path | None, learner: Learner | None, version: str = "current"
) -> Registry[Any]:
    from djlib.workflows.model_versions import models_of

    from ._session import Session

    return models_of(Session(workspace).workspace, learner, version)


@app.command("list")
def list_versions(
    learner: _Learner = None, json: o.Json = False, workspace: o.Workspace = None
) -> None:
    """List all versions, newest first.

    Example: djlib models list
    """
    from djlib.workflows.model_versions import all_versions

    from ._render import line
    from ._session import Session, print_json

    versions = all_versions(Session(workspace).workspace, learner)
    if json:
        print_json([_plain(v) for v in versions])
        return
    if not versions:
        line("No versions yet: run 'djlib train'.")
        return
    _bucket_versions([v for v in versions if v.learner == "bucket"])
    _keeper_versions([v for v in versions if v.learner == "keeper"])
    _opportunity_versions([v for v in versions if v.learner == "opportunity"])


def _bucket_versions(versions: list[Version]) -> None:
    from ._render import percent, table

    if not versions:
        return
    table(
        ["", "version", "tracks", "buckets", "right", "calibration error", "state"],
        [
            (
                "->" if v.is_current else "",
                v.id,
                str(v.metadata.get("tracks", "-")),
                str(len(v.metadata.get("buckets", ()))),
                percent(_figure(v, "accuracy")),
                f"{_figure(v, 'calibration_error') or 0:.3f}",
                v.problem or _FAST.get(v.metadata.get("update", ""), "ok"),
            )
            for v in versions
        ],
        right="tracks,buckets,right,calibration error",
    )


def _keeper_versions(versions: list[Version]) -> None:
    shown = ("mode", "batch_number", "labels", "keepers")
    _versions(
        "Records worth keeping",
        ["mode", "batches", "answers", "kept"],
        [(v, [str(v.metadata.get(name, "-")) for name in shown]) for v in versions],
        right="batches,answers,kept",
    )


def _opportunity_versions(versions: list[Version]) -> None:
    shown = ("users", "ratings", "liked")
    _versions(
        "Open calls",
        ["people", "ratings", "liked", "AUC"],
        [(v, [*(str(v.metadata.get(n, "-")) for n in shown), _area(v)]) for v in versions],
        right="people,ratings,liked,AUC",
    )


def _versions(
    title: str, headings: list[str], rows: list[tuple[Version, list[str]]], *, right: str
) -> None:
    """A table of one learner's versions: each with the cells under `headings`."""
    from ._render import heading, table

    if not rows:
        return
    heading(title)
    table(
        ["", "version", *headings, "state"],
        [("->" if v.is_current else "", v.id, *cells, v.problem or "ok") for v, cells in rows],
        right=right,
    )


def _area(version: Version) -> str:
    found = (version.metrics.get("newest") or {}).get("auc")
    return "-" if found is None else f"{found:.2f}"


def _figure(version: Version, name: str) -> float | None:
    value = version.metrics.get("stratified", {}).get(name)
    return None if value is None else float(value)


def _plain(version: Version) -> dict[str, object]:
    return {
        "id": version.id,
        "current": version.is_current,
        "problem": version.problem,
        **version.metadata,
    }


@app.command("show")
def show(
    version: _Version = "current",
    learner: _Learner = None,
    json: o.Json = False,
    workspace: o.Workspace = None,
) -> None:
    """Show the card of a version: what it learned from and how good it is.

    Example: djlib models show previous
    """
    from ._render import line
    from ._session import print_json

    found = _open(workspace, learner, version).get(version)
    if json:
        print_json(_plain(found))
    else:
        line(found.card)


@app.command("promote")
def promote(
    version: _Version,
    learner: _Learner = None,
    json: o.Json = False,
    workspace: o.Workspace = None,
) -> None:
    """Serve this version from now on.

    Example: djlib models promote 20260101T120000Z-1a2b3c4d
    """
    served = _open(workspace, learner, version).promote(version, "asked for")
    _served(served, "Version {} is served from now on.", json)


@app.command("rollback")
def rollback(learner: _Learner = None, json: o.Json = False, workspace: o.Workspace = None) -> None:
    """Go back to the version served before; again, to the one before that.

    Example: djlib models rollback
    """
    _served(_open(workspace, learner).rollback("asked for"), "Back to version {}.", json)


def _served(version: Version, words: str, json: bool) -> None:
    from ._render import line
    from ._session import print_json

    if json:
        print_json(_plain(version))
    else:
        line(words.format(version.id))


@app.command("verify")
def verify(
    version: Annotated[str | None, typer.Argument(help="Default: all versions.")] = None,
    learner: _Learner = None,
    json: o.Json = False,
    workspace: o.Workspace = None,
) -> None:
    """Compare every file of every version with what was saved; exit code 1 where one differs.

    Example: djlib models verify
    """
    from ._render import line
    from ._session import print_json

    found = _open(workspace, learner, version or "current").verify(version)
    if json:
        print_json([{"id": v.id, "problems": faults} for v, faults in found])
    else:
        for v, faults in found:
            line(f"{v.id}: {'; '.join(faults) or 'ok'}")
    if any(faults for _, faults in found):
        raise typer.Exit(1)


@app.command("prune")
def prune(
    keep: Annotated[int, typer.Option("--keep", min=1, help="How many of the newest to keep.")] = 5,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    learner: _Learner = None,
    json: o.Json = False,
    workspace: o.Workspace = None,
) -> None:
    """Delete old versions; never the current one or the one before.

    Example: djlib models prune --keep 3 --yes
    """
    from ._render import line
    from ._session import print_json

    if not yes:
        typer.confirm(f"Delete all versions but the newest {keep}?", abort=True, err=True)
    gone = _open(workspace, learner).prune(keep)
    if json:
        print_json({"deleted": gone})
        return
    line(f"Deleted {len(gone)} versions." if gone else "Nothing to delete.")
    for version in gone:
        line(f"  {version}")


@app.command("export")
def export(
    version: _Version,
    target: Annotated[Path, typer.Argument(help="A new .zip file.")],
    learner: _Learner = None,
    json: o.Json = False,
    workspace: o.Workspace = None,
) -> None:
    """Hand a version over as a zip file with its card.

    Example: djlib models export current my_crates.zip
    """
    from ._render import line
    from ._session import print_json

    _open(workspace, learner, version).export(version, target)
    if json:
        print_json({"written": [str(target)]})
    else:
        line(f"Written: {target}")
