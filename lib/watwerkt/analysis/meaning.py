"""What the rules of meaning do to the numbers of this town: short gaps, schemes that do not count.

A rule of meaning corrects no error: it says what an exit is, and who is on benefit.
"""

from datetime import date

import polars as pl

from watwerkt.analysis.incidence import Window
from watwerkt.disclosure import Gap, Policy, Protected, protect_counts
from watwerkt.disclosure.gap import NO_EXITS
from watwerkt.panel.prepared import Prepared

NEVER = date(9999, 1, 1)
MONTH_LATER = "1mo"  # CBS: an exit is one from which there is no benefit a month later
NO_OTHER_SCHEMES = Gap("No benefits of schemes that do not count here were delivered.")


def exits_by_rule(prepared: Prepared, window: Window, policy: Policy) -> Protected | Gap:
    """Exits per year to any destination, by what is called an exit.

    ``n_exits_any_gap``: every day without benefit; ``n_exits_own_rule``: more than
    ``max_gap_days`` without, as in the chapters; ``n_exits_cbs``: no benefit a month later (CBS);
    ``n_exits_all_schemes``, where others were delivered: as if every scheme counted, so that
    leaving for Tozo is no exit, and leaving Tozo is one.
    """
    is_after_gap = pl.col("gap_days") > prepared.about["params"]["max_gap_days"]
    rules = {
        "n_exits_any_gap": pl.col("gap_days") > 0,
        "n_exits_own_rule": is_after_gap,
        "n_exits_cbs": ~pl.col("is_back"),
    }
    paid = prepared.tables["periods"].select("person_id", "start_date", "end_date")
    years = _count_exits(_ends(paid), rules, window)
    every = _schemes(prepared)
    if every is not None:
        schemes = {"n_exits_all_schemes": is_after_gap}
        years = years.join(_count_exits(_ends(every), schemes, window), on="year", how="left")
    if years.is_empty():
        return NO_EXITS
    counts = [name for name in years.columns if name != "year"]
    return protect_counts(years.fill_null(0).to_pandas(), counts, policy, by=["year"])


def stock_by_scheme_rule(prepared: Prepared, window: Window, policy: Policy) -> Protected | Gap:
    """Persons on benefit on the first of each month, with and without schemes that do not count."""
    benefits = _schemes(prepared)
    if benefits is None:
        return NO_OTHER_SCHEMES
    months = pl.date_range(window.start, window.until, "1mo", eager=True).alias("month")
    wanted = months.filter(months < window.until).to_frame().lazy()
    stocks = [
        _running(_stretches(rows), wanted).with_columns(schemes=pl.lit(name))
        for name, rows in {"counted": benefits.filter("is_counted"), "every": benefits}.items()
    ]
    table = pl.concat(stocks).collect().to_pandas()
    return protect_counts(table, ["n_persons"], policy, by=["month", "schemes"])


def _schemes(prepared: Prepared) -> pl.LazyFrame | None:
    """Benefits with ``is_counted``; None where every benefit counts."""
    benefits = prepared.tables["benefits"].select(
        "person_id", "start_date", "end_date", is_counted=pl.col("spell_id").is_not_null()
    )
    others = benefits.filter(~pl.col("is_counted")).select(pl.len()).collect().item()
    return benefits if others else None


def _ends(periods: pl.LazyFrame) -> pl.LazyFrame:
    """Where a person's benefit stops: ``end_date``, days to the next period, and whether back.

    Periods of one person may overlap; an end within another period is none. ``is_back``: on
    benefit on the same day one month later.
    """
    stretches = _stretches(periods)
    nexts = {c: pl.col(c).shift(-1).over("person_id") for c in ("start_date", "end_date")}
    later = pl.col("end_date").dt.offset_by(MONTH_LATER)
    ends = stretches.filter(pl.col("end_date") < NEVER)
    back = ends.select("person_id", "end_date", later=later).sort("later")
    back = back.join_asof(
        stretches.select("person_id", "start_date", until="end_date").sort("start_date"),
        left_on="later",
        right_on="start_date",
        by="person_id",
        check_sortedness=False,
    ).select("person_id", "end_date", is_back=pl.col("until") > pl.col("later"))
    gap = (nexts["start_date"] - pl.col("end_date")).dt.total_days()
    return (
        stretches.with_columns(gap_days=gap.fill_null(10**6))
        .filter(pl.col("end_date") < NEVER)
        .join(back, on=["person_id", "end_date"])
    )


def _stretches(periods: pl.LazyFrame) -> pl.LazyFrame:
    """Unbroken stretches on benefit per person, sorted: overlapping and touching periods as one."""
    ordered = periods.with_columns(pl.col("end_date").fill_null(NEVER)).sort(
        "person_id", "start_date"
    )
    before = pl.col("end_date").cum_max().shift().over("person_id")
    opens = (pl.col("start_date") > before).fill_null(True)
    return (
        ordered.with_columns(stretch=opens.cum_sum())
        .group_by("person_id", "stretch", maintain_order=True)
        .agg(pl.col("start_date").min(), pl.col("end_date").max())
        .drop("stretch")
    )


def _running(stretches: pl.LazyFrame, months: pl.LazyFrame) -> pl.LazyFrame:
    """Persons whose stretch covers the first day of each month."""
    changes = pl.concat(
        [
            stretches.select(day="start_date", change=pl.lit(1)),
            stretches.select(day="end_date", change=pl.lit(-1)),
        ]
    )
    steps = changes.group_by("day").agg(pl.col("change").sum()).sort("day")
    steps = steps.select("day", n_persons=pl.col("change").cum_sum())
    return months.join_asof(steps, left_on="month", right_on="day").select(
        "month", pl.col("n_persons").fill_null(0)
    )


def _count_exits(ends: pl.LazyFrame, rules: dict[str, pl.Expr], window: Window) -> pl.DataFrame:
    """Ends per year of the last day on benefit, within the window, by each rule."""
    last_day = pl.col("end_date").dt.offset_by("-1d")
    inside = (last_day >= window.start) & (pl.col("end_date") <= window.until)
    return (
        ends.filter(inside)
        .group_by(year=last_day.dt.year())
        .agg(**{name: is_exit.sum() for name, is_exit in rules.items()})
        .sort("year")
        .collect()
    )
