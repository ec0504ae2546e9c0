"""How near synthetic municipalities come to published figures (``calibration.yaml``)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from typing import Any

import numpy as np
import polars as pl
import yaml

from watwerkt.codebook import codes
from watwerkt.synthetic.aftermath import measure_aftermath
from watwerkt.synthetic.deliver import Simulated
from watwerkt.synthetic.workload import measure_workload

MAX_GAP_DAYS = 30  # a shorter gap is an interruption, neither exit nor entry
YEAR_DAYS = 365
STILL_RUNNING_DAYS = 10**6
MONTHS_UNBOOKED = 8  # left out at the end, where ends are not booked yet
PENSION = "03"
OLDER_THAN = (27, 45)  # age bands as CBS shows them


@dataclass(frozen=True)
class Country:
    """Some municipalities of one period as one: their tables together.

    Attributes
    ----------
    spells : payment periods in scope, with ``gap_before`` and ``gap_after`` (days).
    quarters : first days, the last one where ends are still booked.
    """

    tables: dict[str, pl.DataFrame]
    spells: pl.DataFrame
    quarters: list[date]

    @property
    def middle(self) -> date:
        """A day in the middle of the period."""
        return self.quarters[len(self.quarters) // 2]


def read_targets() -> dict[str, dict[str, Any]]:
    """Figure → published value, the bounds it has to lie in or why it has none, and the source."""
    text = (files("watwerkt.synthetic") / "calibration.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(text)


def join_towns(towns: Sequence[Simulated]) -> Country:
    """Municipalities simulated over the same months, as one."""
    names = towns[0].tables.keys()
    tables = {n: pl.concat([t.tables[n] for t in towns if n in t.tables]) for n in names}
    first = date.fromisoformat(f"{towns[0].first_month}-01")
    n_months = len(towns[0].truth["described"]["stock"]) - MONTHS_UNBOOKED
    return Country(tables, _spells(tables["benefits"]), _quarters(first, n_months))


def measure_figures(country: Country) -> dict[str, float]:
    """Every figure of ``calibration.yaml``, from the tables as they are delivered."""
    return {
        **_flows(country),
        **measure_aftermath(country.spells, country.tables["jobs"], country.quarters),
        **measure_workload(country.tables, country.spells, country.quarters),
        **_bookings(country.spells),
        **_durations(country),
        **_people(country),
    }


def quarterly_shares(country: Country) -> pl.DataFrame:
    """Per quarter ``inflow`` and ``outflow``, of the stock at its start, and ``stock``.

    Exits at state pension age are none here, as CBS counts up to that age.
    """
    spells, quarters = country.spells, country.quarters
    is_exit = pl.col("gap_after").is_null() | (pl.col("gap_after") > MAX_GAP_DAYS)
    is_exit &= pl.col("exit_reason").ne_missing(PENSION)
    is_entry = pl.col("gap_before").is_null() | (pl.col("gap_before") > MAX_GAP_DAYS)
    stock = np.array([_count_running(spells, day) for day in quarters[:-1]])
    return pl.DataFrame(
        {
            "quarter": quarters[:-1],
            "stock": stock,
            "inflow": _count(spells.filter(is_entry), "start_date", quarters) / stock,
            "outflow": _count(spells.filter(is_exit), "end_date", quarters) / stock,
        }
    )


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


def _flows(country: Country) -> dict[str, float]:
    spells, quarters, shares = country.spells, country.quarters, quarterly_shares(country)
    is_back = pl.col("gap_before").is_between(MAX_GAP_DAYS + 1, YEAR_DAYS)
    stock = shares["stock"].to_numpy()
    entered = shares["inflow"].to_numpy() * stock
    returned = _count(spells.filter(is_back), "start_date", quarters)
    ended = _count(spells, "end_date", quarters)
    whole_years = len(stock) // 4 * 4
    yearly = ended[:whole_years].reshape(-1, 4).sum(axis=1) / stock[:whole_years:4]
    by_year = {day.year: share for day, share in zip(quarters[::4], yearly, strict=False)}
    begun = _count(spells, "start_date", quarters)[:whole_years].reshape(-1, 4).sum(axis=1)
    entering = dict(zip(by_year, begun / stock[:whole_years:4], strict=True))
    return {
        "outflow_quarter_share": shares["outflow"].mean(),
        "outflow_quarter_lowest": shares["outflow"].min(),
        "outflow_quarter_highest": shares["outflow"].max(),
        "inflow_quarter_share": shares["inflow"].mean(),
        "inflow_quarter_highest": shares["inflow"].max(),
        "returned_share_of_inflow": float(returned[4:].sum() / entered[4:].sum()),
        "outflow_year_share": float(yearly.mean()),
        "outflow_year_2022": by_year[2022],
        "outflow_year_2023": by_year[2023],
        "inflow_year_2022": entering[2022],
        "stock_change_2019_2022": _stock_on(shares, 2023) / _stock_on(shares, 2019) - 1,
    }


def _stock_on(shares: pl.DataFrame, year: int) -> float:
    """Stock as the year begins; in 2019, as its second quarter does."""
    day = date(year, 4, 1) if year == 2019 else date(year, 1, 1)
    return float(shares.filter(pl.col("quarter") == day)["stock"][0])


def _count_running(spells: pl.DataFrame, day: date) -> int:
    return len(spells.filter(is_running(day)))


def is_running(day: date) -> pl.Expr:
    """Begun on ``day``, and not ended."""
    return (pl.col("start_date") <= day) & ~(pl.col("end_date") <= day).fill_null(False)


def _count(spells: pl.DataFrame, column: str, quarters: list[date]) -> np.ndarray:
    days = spells[column].drop_nulls().to_numpy().astype(np.int64)
    edges = np.array(quarters, "datetime64[D]").astype(np.int64)
    return np.histogram(days, edges)[0]


def _bookings(spells: pl.DataFrame) -> dict[str, float]:
    ended = spells.filter(pl.col("end_date").is_not_null(), pl.col("gap_after").is_null())
    lag = (ended["end_registered_date"] - ended["end_date"]).dt.total_days()
    reasons = spells.filter(pl.col("end_date").is_not_null())["exit_reason"]
    return {
        "unknown_exit_reason_share": reasons.null_count() / len(reasons),
        "booking_lag_median_days": float(np.median(lag)),
        "booking_lag_p95_days": float(np.quantile(lag, 0.95)),
    }


def _durations(country: Country) -> dict[str, float]:
    """Median days on benefit of the first stock, over the median spell of that year's inflow."""
    first = country.quarters[0]
    stock = country.spells.filter(pl.col("start_date") <= first)["start_date"]
    is_first_year = pl.col("start_date").is_between(first, first.replace(year=first.year + 1))
    year = country.spells.filter(is_first_year, pl.col("start_date") > first)
    days = (year["end_date"] - year["start_date"]).dt.total_days().fill_null(STILL_RUNNING_DAYS)
    so_far = np.array([(first - day).days for day in stock])
    return {"stock_to_inflow_duration_ratio": float(np.median(so_far) / np.median(days))}


def _people(country: Country) -> dict[str, float]:
    """Ages, exemptions and persons per benefit on a day in the middle."""
    running = country.spells.filter(is_running(country.middle))
    people = running.join(country.tables["clients"].select("person_id", "birth_year"), "person_id")
    age = country.middle.year - people["birth_year"].to_numpy()
    young, old = age < OLDER_THAN[0], age >= OLDER_THAN[1]
    return {
        "age_under_27_share": float(young.mean()),
        "age_45_and_over_share": float(old.mean()),
        "exempt_share": float((running["exemption"] != "none").mean()),  # type: ignore[arg-type]
        "persons_per_benefit": len(running) / running["benefit_id"].n_unique(),
    }
