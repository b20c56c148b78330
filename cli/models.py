"""`djlib models`: versions of the models; which is served, and going back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from djlib.workflows.learner import LEARNERS

from . import _options as o

if TYPE_CHECKING:
    from djlib.registry import Registry, Version

    _Name = str
else:
    _Name = Literal[tuple(LEARNERS)]

app = typer.Typer(help="Versions of the model, and going back.", no_args_is_help=True)


_Version = Annotated[
    str, typer.Argument(help="An id, the beginning of one, 'current' or 'previous'.")
]


_Learner = Annotated[
    _Name | None,
    typer.Option(
        "--learner",
        help="Whose versions. Default: those there are, else of buckets.",
        show_default=False,
    ),
]


def _open(workspace: Path | None, learner: str | None, version: str = "current") -> Registry[Any]:
    from djlib.workflows.learner import models_of

    from ._session import Session

    return models_of(Session(workspace).workspace, learner, version)


@app.command("list")
def list_versions(
    learner: _Learner = None, json: o.Json = False, workspace: o.Workspace = None
) -> None:
    """List all versions, newest first.

    Example: djlib models list
    """
    from djlib.workflows.learner import all_versions

    from ._session import Session, print_json
    from .render.models import versions_of_each
    from .render.text import line

    versions = all_versions(Session(workspace).workspace, learner)
    if json:
        print_json([_plain(v) for v in versions])
        return
    if not versions:
        line("No versions yet: run 'djlib train'.")
        return
    versions_of_each(versions)


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
    from ._session import print_json
    from .render.text import line

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
    from ._session import print_json
    from .render.text import line

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
    from ._session import print_json
    from .render.text import line

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
    from ._session import print_json
    from .render.text import line

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
    from ._session import print_json
    from .render.text import line

    _open(workspace, learner, version).export(version, target)
    if json:
        print_json({"written": [str(target)]})
    else:
        line(f"Written: {target}")
