"""How late exits are booked, and what that does to the outflow of the last months."""

from datetime import date

import numpy as np
import polars as pl

from watwerkt.cleaning.booking_lag import LagDistribution, find_booked_lags, fit_lags
from watwerkt.disclosure import Gap, Policy, Protected, protect_counts, protect_means
from watwerkt.disclosure.gap import NO_EXITS
from watwerkt.panel.prepared import Prepared

LAG_DAYS = (7, 14, 30, 45, 60, 90, 120, 150, 180, 270, 365)
SHOWN_MONTHS = 24
MIN_BOOKED_SHARE = 0.25  # of a month's last day: each exit stands for four at most
BOOKING_LABELS = {
    "ends": (
        "Half of the exits were booked within {booking_median:.0} days, and 95 in 100 within "
        "{booking_p95:.0} days. The chapters use what happened before {observed_until:date}."
    ),
    "starts": (
        "The delivery says when benefits were booked, not when their ends were. Of the benefits "
        "95 in 100 were booked within {booking_p95:.0} days of their start; the same delay is "
        "taken for exits. The chapters use what happened before {observed_until:date}."
    ),
    "none": (
        "The delivery does not say when exits were booked. A delay of {booking_p95:.0} days is "
        "assumed: the chapters use what happened before {observed_until:date}."
    ),
}
TO_COME_LABEL = (
    "In the months that are not complete yet, {n_exits} exits had been booked by the extract. "
    "{n_exits_corrected} are to be expected in the end: an exit weighs more, the less time there "
    "was to book it. A month of which less than a quarter can have been booked gets no "
    "expectation. The chapters leave these months out."
)
INCOMPLETE_LABEL = "not complete yet"
NO_BOOKING_DATES = Gap("Not delivered: the dates on which exits were booked.")


def booking(prepared: Prepared, policy: Policy) -> Protected:
    """How many days after its end an exit was booked: the median and the 95th percentile."""
    lag = prepared.about["booking_lag_days"]
    ended = prepared.spells.select(pl.col("end_date").is_not_null().sum()).collect().item()
    days = {"booking_median": lag["median"], "booking_p95": lag["p95"]}
    row = pl.DataFrame([{"table": "benefits", **days, "n_persons": ended}]).to_pandas()
    return protect_means(row, list(days), policy, by=["table"], n_persons="n_persons")


def booking_sentence(prepared: Prepared) -> str:
    """What may be said of the booking lag (message id): from ends, from starts, or assumed."""
    return BOOKING_LABELS[_lags(prepared)[0]]


def share_booked(prepared: Prepared, policy: Policy) -> Protected | Gap:
    """Share of the exits that were booked within so many days (Lynden-Bell's estimate)."""
    events, lags = _lags(prepared)
    if events != "ends":
        return NO_BOOKING_DATES
    share = fit_lags(lags).share_within(np.array(LAG_DAYS, dtype=float))
    table = pl.DataFrame({"lag_days": LAG_DAYS, "share_booked": share, "n_persons": lags.height})
    return protect_means(
        table.to_pandas(), ["share_booked"], policy, by=["lag_days"], n_persons="n_persons"
    )


def late_outflow(prepared: Prepared, policy: Policy) -> Protected | Gap:
    """Exits per month, the last two years: as booked at the extract, and as they will become.

    Without booking dates only the first. Months of which too little is booked have no second.
    """
    months = _months(prepared).tail(SHOWN_MONTHS)
    long = months.unpivot(
        index="month", on=["booked", "corrected"], variable_name="booked_as", value_name="n_exits"
    ).drop_nulls()
    if not long["n_exits"].sum():
        return NO_EXITS
    return protect_counts(long.to_pandas(), ["n_exits"], policy, by=[("month", "booked_as")])


def still_to_come(prepared: Prepared, policy: Policy) -> Protected | Gap:
    """Exits booked and to be expected in the months that are not complete yet, in one row."""
    late = _months(prepared).filter(pl.col("month").dt.month_end() > prepared.observed_until)
    late = late.drop_nulls()
    if late.is_empty():
        return NO_BOOKING_DATES
    sums = late.select(
        pl.lit("incomplete").alias("period"),
        n_exits=pl.col("booked").sum(),
        n_exits_corrected=pl.col("corrected").sum(),
    )
    return protect_counts(sums.to_pandas(), ["n_exits", "n_exits_corrected"], policy, by=["period"])


def incomplete_months(prepared: Prepared) -> tuple[date, date, str]:
    """The days from which on exits may still be booked: begin, end and label (message id)."""
    return prepared.observed_until, _extract(prepared), INCOMPLETE_LABEL


def _months(prepared: Prepared) -> pl.DataFrame:
    """Per month up to the extract the exits ``booked``, and ``corrected`` where that can be.

    Corrected: an exit counts for one over the share of exits that is booked after so many days.
    """
    extract = _extract(prepared)
    _, lags = _lags(prepared)
    found = fit_lags(lags) if lags.height else None
    last_day = pl.col("end_date").dt.offset_by("-1d")
    window = pl.date_range(_first(prepared), extract, "1mo", eager=True).alias("month")
    booked = (
        _ends(prepared)
        .with_columns(
            month=last_day.dt.month_start(), seen=(extract - pl.col("end_date")).dt.total_days()
        )
        .group_by("month", "seen")
        .agg(n=pl.len())
        .sort("month", "seen")
    )
    weight = _share(found, booked["seen"])
    counted = booked.with_columns(expected=pl.col("n") / pl.Series(weight))
    months = (
        window.to_frame()
        .join(counted.group_by("month").agg(pl.col("n", "expected").sum()), on="month", how="left")
        .sort("month")
    )
    seen = (extract - months["month"].dt.month_end()).dt.total_days().clip(0)
    is_told = pl.Series(_share(found, seen) >= MIN_BOOKED_SHARE) & (found is not None)
    return months.select(
        "month",
        booked=pl.col("n").fill_null(0),
        corrected=pl.when(is_told).then(pl.col("expected").fill_null(0).round().cast(pl.Int64)),
    )


def _share(found: LagDistribution | None, days: pl.Series) -> np.ndarray:
    """Share booked within so many days; 1 where nothing is known of it, never 0."""
    if found is None:
        return np.ones(days.len())
    return np.maximum(found.share_within(days.to_numpy().astype(float)), 1e-9)


def _lags(prepared: Prepared) -> tuple[str, pl.DataFrame]:
    return find_booked_lags(_benefits(prepared), _first(prepared), _extract(prepared))


def _benefits(prepared: Prepared) -> pl.DataFrame:
    """Spells as the register has them, with the booking dates where these were delivered."""
    benefits = prepared.tables["benefits"]
    known = benefits.collect_schema().names()
    dates = ("start_date", "end_date", "registered_date", "end_registered_date")
    return benefits.select(
        "spell_id",
        *(pl.col(c) if c in known else pl.lit(None, pl.Date).alias(c) for c in dates),
    ).collect()


def _ends(prepared: Prepared) -> pl.DataFrame:
    ended = pl.col("end_date").is_between(_first(prepared), _extract(prepared))
    return _benefits(prepared).filter(pl.col("spell_id").is_not_null() & ended)


def _first(prepared: Prepared) -> date:
    return date.fromisoformat(f"{prepared.about['first_month']}-01")


def _extract(prepared: Prepared) -> date:
    return date.fromisoformat(prepared.about["extract_date"])
