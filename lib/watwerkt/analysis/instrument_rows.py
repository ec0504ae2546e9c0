"""Months in which somebody could start a provision: the rows of what instruments do (P10).

A row is a client on benefit at the end of a month who had not started that kind before. She starts
it in that month, or not yet. Whoever leaves within the month is in neither group, so that nobody
counts as not having started because there was no time to.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import NDArray
from scipy import sparse

from watwerkt.analysis.bands import AGE_BANDS, DURATION_BANDS, band_of
from watwerkt.analysis.contact_rows import EARLY_BANDS, PAST_YEAR_BANDS
from watwerkt.analysis.destination import ALL, STAY, is_exit_to
from watwerkt.codebook import UNKNOWN

HORIZON = 24  # months of follow-up
MAX_OTHERS = 60_000  # rows that do not start; of more a sample
NEVER = 10**6
TRAITS = ("labour_market_distance", "sex", "household_type")
KNOWN_BEFORE = (
    *TRAITS,
    "age_band",
    "duration_band",
    "n_benefits_earlier",
    "is_exempt",
    "past_year_band",
    "services_past_year",
    "is_in_service",
)
COVARIATES = ("year", *KNOWN_BEFORE)
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ClientMonths:
    """Client-months with a follow-up of two years, and every start of a provision.

    Attributes
    ----------
    rows : one per client on benefit at the end of a month: ``person`` and ``month_no`` (numbers),
        ``cluster``, what is known before the month, ``left_after`` (months from its end to an exit
        within two years; 0 without one) and ``is_work``.
    starts : one row per start: ``person``, ``month_no``, ``kind``, ``cost_eur``, sorted.
    """

    rows: pd.DataFrame = field(repr=False)
    starts: pd.DataFrame = field(repr=False)

    def first_start(self, kinds: Sequence[str]) -> IntArray:
        """Month in which each row's person first starts one of ``kinds``; large where never."""
        chosen = self.starts[self.starts["kind"].isin(list(kinds))]
        n_persons = 1 + int(max(self.rows["person"].max(), self.starts["person"].max()))
        first = np.full(n_persons, NEVER)
        np.minimum.at(first, chosen["person"], chosen["month_no"])
        return np.asarray(first[self.rows["person"]], dtype=np.int64)

    def choose(
        self,
        may: NDArray[np.bool_],
        is_start: NDArray[np.bool_],
        covariates: Sequence[str] = COVARIATES,
    ) -> pd.DataFrame:
        """All rows that start, and equally many others for each from the same calendar month.

        Left out are others unlike everybody who starts. Adds ``is_start``, what was started in
        the year before, and ``cost_eur``: all provisions begun from the month on to the end of
        the follow-up.
        """
        place = np.flatnonzero(may)
        starts = is_start[place]
        rows = self.rows.iloc[place].assign(
            is_start=starts, services_past_year=np.minimum(self._number_started(place), 2)
        )
        place = place[is_like_starters(rows, covariates)]
        place = _match_months(place, self.rows["month_no"].to_numpy()[place], is_start[place])
        rows = self.rows.iloc[place]
        return rows.assign(
            is_start=is_start[place],
            services_past_year=np.minimum(self._number_started(place), 2),
            cost_eur=self._cost(place),
        ).reset_index(drop=True)

    def _number_started(self, place: IntArray) -> IntArray:
        low, high = self._span(place, -12, 0)
        return high - low

    def _cost(self, place: IntArray) -> NDArray[np.float64]:
        low, high = self._span(place, 0, HORIZON)
        total = np.r_[0.0, np.cumsum(self.starts["cost_eur"].fillna(0))]
        return np.asarray(total[high] - total[low], dtype=np.float64)

    def _span(self, place: IntArray, first: int, until: int) -> tuple[IntArray, IntArray]:
        """Places among the starts of a row's person from one month on, and up to another."""
        key = self.starts["person"].to_numpy() * NEVER + self.starts["month_no"].to_numpy()
        own = self.rows.iloc[place]
        at = own["person"].to_numpy() * NEVER + own["month_no"].to_numpy()
        return np.searchsorted(key, at + first), np.searchsorted(key, at + until)


def client_months(
    panel: pl.LazyFrame, services: pl.LazyFrame, also: Sequence[str] = ()
) -> ClientMonths:
    """The client-months of ``panel`` that are followed for two years, with starts of ``services``.

    Empty rows where the window is too short. The cluster is the client's first caseworker.
    ``also``: columns of ``panel`` that are kept as they are.
    """
    number = pl.col("month").dt.year().cast(pl.Int32) * 12 + pl.col("month").dt.month()
    wide = panel.select(
        "person_id",
        "spell_id",
        number.alias("month_no"),
        *also,
        *_background(),
        _stays(),
        **_exit(),
    ).collect()
    wide = wide.sort("person_id", "month_no").with_columns(
        person=pl.col("person_id").rle_id().cast(pl.Int64),
        cluster=pl.col("cluster").first().over("person_id"),
        exit_no=pl.col("exit_no").max().over("spell_id"),
        is_work=pl.col("is_work").any().over("spell_id"),
    )
    last = int(wide["month_no"].to_numpy().max(initial=0))
    rows = wide.filter("is_there", pl.col("month_no") <= last - HORIZON)
    after = pl.col("exit_no") - pl.col("month_no")
    rows = rows.with_columns(
        left_after=pl.when(after <= HORIZON).then(after).fill_null(0).cast(pl.Int64),
        month_no=pl.col("month_no").cast(pl.Int64),
    )
    names = wide.select("person_id", "person").unique()
    dropped = ["person_id", "spell_id", "exit_no", "is_there"]
    return ClientMonths(rows.drop(dropped).to_pandas(), _starts(services, names))


def is_like_starters(rows: pd.DataFrame, covariates: Sequence[str]) -> NDArray[np.bool_]:
    """Rows that start, or share each single thing that is known before with somebody who does."""
    starts = rows["is_start"].to_numpy(dtype=bool)
    is_like = np.ones(len(rows), dtype=bool)
    for name in covariates:
        code = pd.Categorical(rows[name]).codes
        is_like &= np.bincount(code[starts], minlength=code.max(initial=0) + 1)[code] > 0
    return is_like


def _match_months(place: IntArray, month: IntArray, is_start: NDArray[np.bool_]) -> IntArray:
    """Rows that start, and as many others for each of them in every month, drawn by lot."""
    begins, waits = place[is_start], place[~is_start]
    if not len(begins) or not len(waits):
        return place[:0]
    months, wanted = np.unique(month[is_start], return_counts=True)
    n_others = np.bincount(month[~is_start], minlength=month.max() + 1)[months]
    rate = int(max(1, min((n_others / wanted).min(), MAX_OTHERS / len(begins))))
    order = np.random.default_rng(0).permutation(len(waits))
    shuffled = pd.Series(month[~is_start][order])
    limit = pd.Series(rate * wanted, index=months).reindex(shuffled, fill_value=0).to_numpy()
    chosen = shuffled.groupby(shuffled).cumcount().to_numpy() < limit
    return np.sort(np.r_[begins, waits[order[chosen]]])


def increments(rows: pd.DataFrame) -> sparse.csr_array:
    """Of each row: left in month 1 … 24, left for work in month 1 … 24, and the cost in euros."""
    n, after = len(rows), rows["left_after"].to_numpy()
    left = np.flatnonzero(after > 0)
    work = np.flatnonzero((after > 0) & rows["is_work"].to_numpy(dtype=bool))
    cost = np.flatnonzero(rows["cost_eur"].to_numpy() != 0)
    row = np.r_[left, work, cost]
    column = np.r_[after[left] - 1, HORIZON + after[work] - 1, np.full(len(cost), 2 * HORIZON)]
    value = np.r_[np.ones(len(left) + len(work)), rows["cost_eur"].to_numpy()[cost]]
    place = (row, column)
    return sparse.csr_array(sparse.coo_array((value, place), shape=(n, 2 * HORIZON + 1)))


def _background() -> list[pl.Expr]:
    months = pl.col("months_since_entry")
    early = band_of(months, EARLY_BANDS | {"": None})
    duration = pl.when(months < 12).then(early).otherwise(band_of(months, DURATION_BANDS))
    talks = pl.when("is_contact_known").then("n_contacts_12m")
    return [
        pl.col("month").dt.year().alias("year"),
        *(pl.col(name).fill_null(UNKNOWN).cast(pl.Categorical) for name in TRAITS),
        band_of(pl.col("age_years"), AGE_BANDS).cast(pl.Categorical).alias("age_band"),
        duration.cast(pl.Categorical).alias("duration_band"),
        pl.col("n_benefits_earlier").clip(upper_bound=2).fill_null(0),
        pl.col("is_exempt").fill_null(False),
        band_of(talks, PAST_YEAR_BANDS).cast(pl.Categorical).alias("past_year_band"),
        (pl.col("n_services_active").fill_null(0) > 0).alias("is_in_service"),
        pl.col("caseworker_id").fill_null(UNKNOWN).cast(pl.Categorical).alias("cluster"),
    ]


def _stays() -> pl.Expr:
    return (pl.col("exit_destination").fill_null(STAY) == STAY).alias("is_there")


def _exit() -> dict[str, pl.Expr]:
    number = pl.col("month").dt.year().cast(pl.Int32) * 12 + pl.col("month").dt.month()
    return {"exit_no": pl.when(is_exit_to(ALL)).then(number), "is_work": is_exit_to("work")}


def _starts(services: pl.LazyFrame, names: pl.DataFrame) -> pd.DataFrame:
    """Starts of people in the panel; the cost is missing where it was not delivered."""
    day = pl.col("start_date").dt
    has_cost = "cost_eur" in services.collect_schema().names()
    cost = pl.col("cost_eur").cast(pl.Float64) if has_cost else pl.lit(None, pl.Float64)
    chosen = services.select(
        "person_id",
        month_no=(day.year().cast(pl.Int64) * 12 + day.month()),
        kind=pl.col("type").fill_null(UNKNOWN),
        cost_eur=cost,
    ).collect()
    return (
        chosen.join(names, on="person_id")
        .select("person", "month_no", "kind", "cost_eur")
        .sort("person", "month_no", "kind", "cost_eur")
        .to_pandas()
    )
