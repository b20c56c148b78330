"""The columns of a batch: the listings a person is asked about, and why.

It is not among the schemas a header is recognised as: a table of listings with answers is one of
listings.
"""

from __future__ import annotations

from .schema import Column, Schema

BATCH = Schema(
    "batch",
    "listing_id",
    (
        Column("keeper", "empty: write 1 to keep, 0 to pass", required=True),
        Column("listing_id", "as in the listings", required=True),
        *(Column(n, "as in the listings") for n in ("artist", "title", "label")),
        Column("year", "as in the listings", "year"),
        *(Column(n, "as in the listings") for n in ("genres", "styles", "format", "country")),
        Column("price", "as in the listings", "number"),
        *(Column(n, "as in the listings") for n in ("currency", "condition", "url")),
        Column("reason", "why it is in the batch"),
        Column("selection_strategy", "exploit, explore or uniform"),
        Column("mean", "how likely you keep it, as far as the model knows", "number"),
        Column("uncertainty_at_selection", "how unsure it was of that", "number"),
        Column("propensity", "how likely this listing was to be picked", "number"),
        Column("exploration_rate", "share of the batch that explores", "number"),
        Column("arm", "whose choice it is, first or second, where two chose (`--ab`)"),
        Column("batch_number", "batches answered before this one", "number"),
        Column("batch_id", "names the batch"),
        Column("model_version", "that chose it; none before the first answers"),
        Column("selected_at", "ISO 8601, UTC"),
    ),
)
