"""Groups that policy asks about, and who is exempt. The groups overlap: shares do not add up.

A group is shown only where the figure of which it is a part hides nothing: otherwise subtraction
could give back what is hidden there.
"""

import pandas as pd
import polars as pl

from watwerkt.analysis.durations import current_and_completed, shows_all
from watwerkt.analysis.population import (
    ENTERING,
    STOCK,
    add_dated,
    by_sex_and_age,
    composition,
)
from watwerkt.codebook import UNKNOWN
from watwerkt.disclosure import Gap, Policy, Protected, protect_shares
from watwerkt.disclosure.gap import NO_MONTHS

YOUTH_BELOW, OLDER_FROM = 27, 45  # years; youths as in the Participatiewet
AGES, DURATIONS, EXEMPTIONS = "ages", "durations", "exemptions"
GROUPS: dict[str, tuple[pl.Expr, str]] = {  # group → who is in it, of which figure it is a part
    "young": (pl.col("age_years") < YOUTH_BELOW, AGES),
    "older": (pl.col("age_years") >= OLDER_FROM, AGES),
    "status_holder": (pl.col("is_status_holder"), ""),
    "part_time_work": (pl.col("has_part_time_work"), ""),
    "exempt": (pl.col("is_exempt"), EXEMPTIONS),
    "longer_than_2": (pl.col("months_of_spell") >= 24, DURATIONS),
    "longer_than_5": (pl.col("months_of_spell") >= 60, DURATIONS),
}


def target_groups(people: pl.DataFrame, policy: Policy) -> Protected | Gap:
    """Persons in each group, and their share of those of whom it is known.

    Long-term is asked of the stock only: nobody who entered in the past year is.
    """
    months = pl.when(~pl.col("is_left_censored").fill_null(False)).then("months_since_entry")
    rows = people.with_columns(months_of_spell=months)
    counts = [
        _count(rows.filter(pl.col("population") == population), population, group)
        for population in ENTERING
        for group in _shown(people, population, policy)
    ]
    found = pd.DataFrame(row for row in counts if row["n_known"])
    if found.empty:
        return NO_MONTHS
    order = pd.CategoricalDtype(list(GROUPS), ordered=True)
    return protect_shares(
        found.astype({"target_group": order}),
        {"share": ("n_persons", "n_known")},
        policy,
        by=[("target_group", "population")],
    )


def add_exemption(
    people: pl.DataFrame, traits: pl.LazyFrame | None, periods: pl.LazyFrame | None
) -> pl.DataFrame:
    """Add ``exemption``: of who is exempt (``is_exempt``) the ground that was valid last.

    From dated traits where they hold exemptions, else from the payment periods; missing where it
    was not delivered, or not known. As in the panel: valid on the first day at risk in the month.
    """
    is_exempt = pl.col("is_exempt")
    ground = pl.when(is_exempt).then(pl.col("ground").fill_null(UNKNOWN)).otherwise(pl.lit("none"))
    return (
        add_dated(people, _dated_grounds(traits, periods))
        .with_columns(exemption=pl.when(is_exempt.is_not_null()).then(ground))
        .drop("ground")
    )


def exemptions(people: pl.DataFrame, policy: Policy) -> Protected | Gap:
    """Persons by the ground of their exemption; ``people`` with ``exemption`` added."""
    return composition(people, "exemption", policy)


def _dated_grounds(traits: pl.LazyFrame | None, periods: pl.LazyFrame | None) -> pl.LazyFrame:
    """One row per person and day on which an exemption, or none, became valid."""
    if traits is not None:
        dated = traits.filter(pl.col("trait") == "exemption")
        if dated.select(pl.len()).collect().item():
            return dated.select("person_id", day="valid_from", ground="value")
    if periods is not None:
        return periods.select("person_id", day="start_date", ground="exemption")
    return pl.LazyFrame(schema={"person_id": pl.String, "day": pl.Date, "ground": pl.String})


def _shown(people: pl.DataFrame, population: str, policy: Policy) -> list[str]:
    """The groups that are no part of a figure in which something is hidden."""
    parts = {
        AGES: by_sex_and_age(people, population, policy),
        EXEMPTIONS: exemptions(people, policy),
    }
    whole = {"": True} | {name: shows_all(part, population) for name, part in parts.items()}
    is_stock = population == STOCK
    whole[DURATIONS] = is_stock and shows_all(current_and_completed(people, policy), STOCK)
    return [group for group, (_, part) in GROUPS.items() if whole[part]]


def _count(rows: pl.DataFrame, population: str, group: str) -> dict[str, object]:
    is_in, _ = GROUPS[group]
    counts = rows.select(n_persons=is_in.sum(), n_known=is_in.count()).row(0, named=True)
    return {"population": population, "target_group": group, **counts}
