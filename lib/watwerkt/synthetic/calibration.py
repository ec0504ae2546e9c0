"""How near a synthetic municipality comes to published figures (``calibration.yaml``)."""

from datetime import date
from importlib.resources import files
from typing import Any

import numpy as np
import polars as pl
import yaml

from watwerkt.codebook import codes
from watwerkt.synthetic.deliver import Simulated

MAX_GAP_DAYS = 30  # a shorter gap is an interruption, neither exit nor entry
YEAR_DAYS = 365
STILL_RUNNING_DAYS = 10**6
MONTHS_UNBOOKED = 8  # left out at the end, where ends are not booked yet


def read_targets() -> dict[str, dict[str, Any]]:
    """Figure → published value, the bounds it has to lie in, and the source."""
    text = (files("watwerkt.synthetic") / "calibration.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(text)


def measure_figures(simulated: Simulated) -> dict[str, float]:
    """The same figures of a simulated municipality, from its tables and its described truth."""
    spells = _spells(simulated.tables["benefits"])
    first = date.fromisoformat(f"{simulated.first_month}-01")
    quarters = _quarters(first, len(simulated.truth["described"]["stock"]) - MONTHS_UNBOOKED)
    returned = simulated.truth["described"]["returned_within_months"]
    return {
        **_flows(spells, quarters),
        "returned_12_months_work": returned["work"][12],
        "returned_12_months_all": returned["all"][12],
        "returned_6_months_all": returned["all"][6],
        "part_time_share": _part_time_share(simulated, quarters),
        **_bookings(spells),
        "stock_to_inflow_duration_ratio": _duration_ratio(spells, first),
    }


def _spells(benefits: pl.DataFrame) -> pl.DataFrame:
    """Payment periods in scope, with the gaps before and after."""
    in_scope = [code for code, entry in codes("scheme").items() if entry.get("in_scope")]
    ordered = benefits.filter(pl.col("scheme").is_in(in_scope)).sort("person_id", "start_date")
    before = pl.col("start_date") - pl.col("end_date").shift(1).over("person_id")
    return ordered.with_columns(
        gap_before=before.dt.total_days(),
        gap_after=before.shift(-1).over("person_id").dt.total_days(),
    )


def _quarters(first: date, n_months: int) -> list[date]:
    starts = pl.date_range(first, first.replace(year=first.year + 30), "3mo", eager=True)
    return starts[: n_months // 3 + 1].to_list()


def _flows(spells: pl.DataFrame, quarters: list[date]) -> dict[str, float]:
    is_exit = pl.col("gap_after").is_null() | (pl.col("gap_after") > MAX_GAP_DAYS)
    is_entry = pl.col("gap_before").is_null() | (pl.col("gap_before") > MAX_GAP_DAYS)
    back = pl.col("gap_before").is_between(MAX_GAP_DAYS + 1, YEAR_DAYS)
    stock = np.array([_count_running(spells, day) for day in quarters[:-1]])
    out = _count(spells.filter(is_exit), "end_date", quarters) / stock
    entered = _count(spells.filter(is_entry), "start_date", quarters)
    returned = _count(spells.filter(back), "start_date", quarters)
    ended = _count(spells, "end_date", quarters)
    whole_years = len(stock) // 4 * 4
    by_year = ended[:whole_years].reshape(-1, 4).sum(axis=1) / stock[:whole_years:4]
    return {
        "outflow_quarter_share": float(out.mean()),
        "outflow_quarter_lowest": float(out.min()),
        "outflow_quarter_highest": float(out.max()),
        "inflow_quarter_share": float((entered / stock).mean()),
        "returned_share_of_inflow": float(returned[4:].sum() / entered[4:].sum()),
        "outflow_year_share": float(by_year.mean()),
    }


def _count_running(spells: pl.DataFrame, day: date) -> int:
    has_begun, has_ended = pl.col("start_date") <= day, pl.col("end_date") <= day
    return len(spells.filter(has_begun & ~has_ended.fill_null(False)))


def _count(spells: pl.DataFrame, column: str, quarters: list[date]) -> np.ndarray:
    days = spells[column].drop_nulls().to_numpy().astype(np.int64)
    edges = np.array(quarters, "datetime64[D]").astype(np.int64)
    return np.histogram(days, edges)[0]


def _part_time_share(simulated: Simulated, quarters: list[date]) -> float:
    """Person-months with a job, of those on benefit, on the first day of each quarter."""
    spells = _spells(simulated.tables["benefits"])
    jobs, working, on = simulated.tables["jobs"], 0, 0
    for day in quarters[1:-1]:
        has_ended = (pl.col("end_date") <= day).fill_null(False)
        running = spells.filter((pl.col("start_date") <= day) & ~has_ended)["person_id"]
        on += len(running)
        employed = jobs.filter(pl.col("month") == day)["person_id"]
        working += int(running.is_in(employed.implode()).sum())
    return working / on


def _bookings(spells: pl.DataFrame) -> dict[str, float]:
    ended = spells.filter(pl.col("end_date").is_not_null(), pl.col("gap_after").is_null())
    lag = (ended["end_registered_date"] - ended["end_date"]).dt.total_days()
    reasons = spells.filter(pl.col("end_date").is_not_null())["exit_reason"]
    return {
        "unknown_exit_reason_share": reasons.null_count() / len(reasons),
        "booking_lag_median_days": float(np.median(lag)),
        "booking_lag_p95_days": float(np.quantile(lag, 0.95)),
    }


def _duration_ratio(spells: pl.DataFrame, first: date) -> float:
    """Median days on benefit of the first stock, over the median spell of that year's inflow."""
    has_begun = pl.col("start_date") <= first
    stock = spells.filter(has_begun).select((pl.lit(first) - pl.col("start_date")).dt.total_days())
    year = spells.filter(~has_begun, pl.col("start_date") < first.replace(year=first.year + 1))
    days = (pl.col("end_date") - pl.col("start_date")).dt.total_days()
    length = year.select(days.fill_null(STILL_RUNNING_DAYS))
    return float(np.median(stock.to_numpy()) / np.median(length.to_numpy()))
