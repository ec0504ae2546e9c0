"""Who the client is, as known on the first day at risk in the month.

A trait that the ``traits`` table holds, or that monthly reports give, is dated: its value is the
latest one valid on that day, and missing before the first. Another comes undated from ``clients``,
as it was at the extract: for description, never for adjustment (``is_trait_dated``, which speaks of
labour market distance, on which caseworkers select; ``dated_traits`` names the others).
"""

import polars as pl

from watwerkt.panel.running import add_latest

UNDATED = (
    *("sex", "household_type", "origin", "education", "is_status_holder", "health_limitation"),
    *("labour_market_distance", "language_level", "district_id"),
)


def gather_traits(tables: dict[str, pl.DataFrame]) -> pl.DataFrame | None:
    """Table ``traits``, and what monthly reports say of those traits that it does not hold (B10).

    None where neither was delivered.
    """
    delivered, reported = tables.get("traits"), tables.get("client_history")
    if delivered is None or reported is None:
        return reported if delivered is None else delivered
    more = reported.filter(~pl.col("trait").is_in(delivered["trait"].unique().implode()))
    return pl.concat([delivered, more], how="diagonal")


def dated_traits(tables: dict[str, pl.DataFrame]) -> list[str]:
    """The traits whose value is known by date, by name."""
    traits = gather_traits(tables)
    return [] if traits is None else sorted(traits["trait"].drop_nulls().unique().to_list())


def add_client(rows: pl.LazyFrame, clients: pl.LazyFrame) -> pl.LazyFrame:
    """Add the traits of ``clients`` and ``age_years``, the age reached in the calendar year."""
    return (
        rows.join(
            clients.select("person", "birth_year", *UNDATED),
            on="person",
            how="left",
            maintain_order="left",
        )
        .with_columns(
            age_years=pl.col("month") // 12 - pl.col("birth_year"),
            is_trait_dated=pl.lit(False),
        )
        .drop("birth_year")
    )


def add_dated_traits(rows: pl.LazyFrame, traits: pl.LazyFrame, names: list[str]) -> pl.LazyFrame:
    """Replace the traits in ``names`` by their value on ``day``; the exemption is ``is_exempt``."""
    for name in names:
        valued = (
            traits.filter(pl.col("trait") == name)
            .select("person", day="valid_from", **{name: "value"})
            .sort("person", "day", name)
        )
        rows = add_latest(rows.drop(name, strict=False), valued, on="day", by="person")
    if "exemption" in names:
        rows = rows.drop("is_exempt", strict=False).with_columns(is_exempt=is_exempt())
    return rows.with_columns(is_trait_dated=pl.lit("labour_market_distance" in names))


def is_exempt() -> pl.Expr:
    """Whether ``exemption`` frees from the work obligation; missing where it is unknown."""
    exemption = pl.col("exemption").fill_null("none")
    return pl.when(exemption != "unknown").then(exemption != "none")
