"""The columns of ratings as people write them, and of the recommendations they write them into.

Neither is among the schemas a header is recognised as: a table of calls with ratings is one of
calls.
"""

from __future__ import annotations

from .schema import Column, Schema

RATINGS = Schema(
    "ratings",
    "opportunity_id",
    (
        Column("user_id", "who rates", required=True, aliases=("user", "person")),
        Column("opportunity_id", "as in the calls", required=True, aliases=("call_id",)),
        Column("rating", "1 or 0, or 1 to 5; empty: not rated", aliases=("stars",)),
        Column("opened", "1 where it was opened", aliases=("clicked",)),
        Column("rated_at", "when, ISO 8601; now where it is missing"),
    ),
)

RECOMMENDATIONS = Schema(
    "recommendations",
    "opportunity_id",
    (
        Column("rating", "empty: write 1 (more of these) or 0, or 1 to 5 stars", required=True),
        Column("user_id", "for whom it is", required=True),
        Column("opportunity_id", "as in the calls", required=True),
        Column("title", "as in the calls"),
        Column("deadline", "as in the calls"),
        Column("days_left", "days until then; empty without a date", "number"),
        *(Column(n, "as in the calls") for n in ("tags", "source", "location", "url")),
        Column("reason", "why it is here"),
        Column("chance", "how likely you like it, as far as the model knows", "number"),
        Column("opened", "empty: write 1 where you opened it"),
        Column("list_id", "names the list"),
        Column("model_version", "that ranked it; none before the first ratings"),
        Column("recommended_at", "ISO 8601, UTC"),
    ),
)
