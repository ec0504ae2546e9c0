"""Client-months with what decides who is spoken to: the rows of the emulated trials (P5)."""

import pandas as pd
import polars as pl

from watwerkt.analysis.bands import AGE_BANDS, DURATION_BANDS, band_of
from watwerkt.analysis.destination import ALL, DEATH, GROUPS, STAY, is_exit_to
from watwerkt.codebook import UNKNOWN
from watwerkt.estimators.sequential_trials import HORIZON

TRAITS = ("labour_market_distance", "sex", "household_type")
PROGNOSTIC = (*TRAITS, "age_band", "n_benefits_earlier", "is_exempt", "duration_band")
SELECTION = (*PROGNOSTIC, "quarter", "since_band", "past_year_band", "caseworker_fifth")
SINCE_BANDS = {"1": 2, "2": 3, "3": 4, "4–6": 7, "7+": None}  # months since the last talk
PAST_YEAR_BANDS = {"0": 1, "1": 2, "2–3": 4, "4–6": 7, "7+": None}  # talks in twelve months
EARLY_BANDS = {"0–2": 3, "3–5": 6, "6-11": 12}  # of the first year on benefit


def trial_rows(panel: pl.LazyFrame) -> pd.DataFrame:
    """One row per client-month of known contact history from the second month on benefit.

    As ``emulate_trials`` takes them. A stretch breaks where a month is missing or its history
    unknown. The cluster is the client's first caseworker. A trial may begin where a year is left.
    """
    known = (
        panel.filter("is_contact_known", pl.col("months_since_entry") >= 1)
        .select(
            "person_id",
            "month",
            "spell_id",
            "months_since_contact",
            "n_contacts_1m",
            "n_contacts_12m",
            *(pl.col(name).fill_null(UNKNOWN).cast(pl.Categorical) for name in TRAITS),
            age_band=band_of(pl.col("age_years"), AGE_BANDS).cast(pl.Categorical),
            n_benefits_earlier=pl.col("n_benefits_earlier").clip(upper_bound=2),
            is_exempt=pl.col("is_exempt").fill_null(False),
            duration_band=_duration().cast(pl.Categorical),
            quarter=pl.col("month").dt.truncate("1q"),
            caseworker=pl.col("caseworker_id").fill_null(UNKNOWN),
            is_exit=pl.col("exit_destination").fill_null(STAY) != STAY,
            to_death=pl.col("exit_destination") == DEATH,
            **{f"to_{outcome}": is_exit_to(outcome) for outcome in (ALL, *GROUPS)},
        )
        .collect()
        .sort("person_id", "month")
    )
    return _number(known).to_pandas()


def _duration() -> pl.Expr:
    months = pl.col("months_since_entry")
    return (
        pl.when(months < 12)
        .then(band_of(months, EARLY_BANDS | {"": None}))
        .otherwise(band_of(months, DURATION_BANDS))
    )


def _number(known: pl.DataFrame) -> pl.DataFrame:
    """Numbers in the place of names; what was said in the month comes from the month after."""
    person = pl.col("person_id")
    last_start = pl.col("month").max().dt.offset_by(f"-{HORIZON - 1}mo")
    is_next = (pl.col("month") == pl.col("month").shift().dt.offset_by("1mo")) & (
        pl.col("spell_id") == pl.col("spell_id").shift()
    )
    since = pl.col("months_since_contact")
    numbered = known.with_columns(
        stretch=(~is_next.fill_null(False)).cum_sum(),
        cluster=pl.col("caseworker").first().over("person_id"),
        person=person.rle_id(),
        is_start=pl.col("month") <= last_start,
        since_band=pl.when(since.is_null())
        .then(pl.lit("7+"))
        .otherwise(band_of(since, SINCE_BANDS))
        .cast(pl.Categorical),
        past_year_band=band_of(pl.col("n_contacts_12m"), PAST_YEAR_BANDS).cast(pl.Categorical),
        months_since=since,
    )
    talked = (pl.col("n_contacts_1m").shift(-1).over("stretch") > 0).fill_null(False)
    rows = numbered.with_columns(taken=talked, position=pl.int_range(pl.len()).over("stretch"))
    return rows.with_columns(
        caseworker_fifth=_fifth(), cluster=pl.col("cluster").cast(pl.Categorical)
    ).drop("person_id", "spell_id", "caseworker", "month", "months_since_contact", "n_contacts_1m",
           "n_contacts_12m")  # fmt: skip


def _fifth() -> pl.Expr:
    """Fifth of how often the caseworker of the month speaks to her clients."""
    rate = pl.col("taken").mean().over("caseworker")
    return ((rate.rank("dense") - 1) * 5 // rate.n_unique()).cast(pl.Int8)
