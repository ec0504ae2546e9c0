"""How long people have been on benefit, and why the stock tells another story than the inflow.

Durations are calendar months from the month of entry, as in the panel. A spell whose start a
conversion set (rule B11) has none, and is left out or called unknown.
"""

import pandas as pd
import polars as pl

from watwerkt.analysis.incidence import Window
from watwerkt.analysis.population import (
    INFLOW,
    OUTFLOW,
    STOCK,
    composition,
    in_order,
)
from watwerkt.disclosure import Gap, Policy, Protected, protect_means, protect_shares
from watwerkt.disclosure.gap import NO_MONTHS

HORIZONS = {"1": 12, "2": 24, "5": 60}  # years → months
MEASURED = (STOCK, OUTFLOW)


def current_and_completed(people: pl.DataFrame, policy: Policy) -> Protected | Gap:
    """Time since the start for the stock, and whole durations of those who left, in bands."""
    return composition(people, "duration_band", policy, of=MEASURED)


def median_durations(people: pl.DataFrame, policy: Policy) -> Protected | Gap:
    """Median months since the start for the stock, and of the whole spell for those who left."""
    known = _known(people)
    if known.is_empty():
        return NO_MONTHS
    none = pl.DataFrame({"population": MEASURED})
    months = pl.col("months_since_entry")
    found = none.join(known, on="population", how="left").group_by("population")
    medians = found.agg(n_persons=months.count(), median_months=months.median())
    return protect_means(
        in_order(medians, "population"),
        [],
        policy,
        by=["population"],
        n_persons="n_persons",
        quantiles={"median_months": 0.5},
    )


def longer_than(
    people: pl.DataFrame, spells: pl.LazyFrame, window: Window, policy: Policy
) -> Protected | Gap:
    """Share of spells of 1, 2 and 5 years or longer: of the stock so far, of entrants in the end.

    Entrants are those of the window who could be followed for so long: not those who entered too
    late, or too close to the state pension age. The stock is left out where its bands are not all
    shown, since these shares are sums of them.
    """
    rows = [_entrants(spells, window, years) for years in HORIZONS]
    if shows_all(current_and_completed(people, policy), STOCK):
        rows += [_stock(people, years) for years in HORIZONS]
    found = pd.DataFrame(row for row in rows if row["n_spells"])
    if found.empty:
        return NO_MONTHS
    return protect_shares(
        found,
        {"share": ("n_longer", "n_spells")},
        policy,
        by=[("population", "horizon")],
        n_persons="n_persons",
    )


def shows_all(protected: Protected | Gap, population: str) -> bool:
    """Whether no figure of ``population`` is hidden, so that sums of its parts may be shown too."""
    if isinstance(protected, Gap):
        return False
    frame = protected.frame
    if "population" in frame:
        frame = frame[frame["population"] == population]
    return bool(frame["n_persons"].notna().all())


def _known(people: pl.DataFrame) -> pl.DataFrame:
    return people.filter(
        pl.col("population").is_in(MEASURED), ~pl.col("is_left_censored").fill_null(False)
    )


def _stock(people: pl.DataFrame, years: str) -> dict[str, object]:
    months = _known(people).filter(pl.col("population") == STOCK)["months_since_entry"]
    n_longer = int((months >= HORIZONS[years]).sum())
    behind = {"n_longer": n_longer, "n_spells": len(months), "n_persons": len(months)}
    return {"population": STOCK, "horizon": years, **behind}


def _entrants(spells: pl.LazyFrame, window: Window, years: str) -> dict[str, object]:
    """Spells that began in the window and long enough before its end, and those that lasted."""
    until = pl.col("start_date").dt.offset_by(f"{years}y")
    has_lasted = pl.col("end_date").is_null() | (pl.col("end_date") >= until)
    counts = (
        spells.filter(
            ~pl.col("is_left_censored"),
            pl.col("start_date") >= window.start,
            until <= window.until,
            (pl.col("risk_end_date") >= until).fill_null(True),
        )
        .select(
            n_longer=has_lasted.sum(), n_spells=pl.len(), n_persons=pl.col("person_id").n_unique()
        )
        .collect()
    )
    return {"population": INFLOW, "horizon": years, **counts.row(0, named=True)}
