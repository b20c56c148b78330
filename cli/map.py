"""`djlib map`: your taste as a map."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from . import _options as o

if TYPE_CHECKING:
    from ._session import Session


@o.in_session(wait=False)
def map(
    session: Session,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Default: data/taste_map.html.")
    ] = None,
    layout: Annotated[
        Literal["pca", "tsne", "umap"],
        typer.Option("--layout", help="pca is quick; tsne and umap draw clusters apart."),
    ] = "pca",
    seed: o.Seed = None,
) -> None:
    """Draw all records as a map, alike ones near each other.

    One page to open in a browser: hover, zoom, colour by answer, strategy or genre.

    Example: djlib map --layout tsne
    """
    from djlib.workflows.keepers.taste_map import draw_taste_map

    session.use(seed=seed)
    report = draw_taste_map(
        session.workspace, session.settings, output, layout=layout, talk=session.talk
    )
    session.show(report)
