"""Person-months whose contact history is known: what everything said of contact and exits rests on.

Exposure: at least one reached personal contact two to four months ago. The last month is skipped,
since half of the talks that follow from an exit are held a month before it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

import pandas as pd
import polars as pl

from watwerkt.analysis.bands import AGE_BANDS, band_of
from watwerkt.analysis.destination import ALL, DEATH, GROUPS, UNEXPLAINED, is_exit_to
from watwerkt.codebook import UNKNOWN
from watwerkt.estimators.cells import Grouped, group_months
from watwerkt.estimators.hazard import add_duration_band

EXPOSURE = "contact_2_4_months_ago"
FIRST_MONTH = 4  # months since entry from which the whole window of exposure lies in the benefit
ADJUSTED_FOR = (
    "labour_market_distance",
    "age_band",
    "sex",
    "household_type",
    "n_benefits_earlier",
    "is_exempt",
)
COMPARED_WITHIN = ("duration_band", "month", *ADJUSTED_FOR)
LAGS = (2, 3, 4)
MOST = 3  # talks; more count as so many
CHANNELS = {"in_person": ["in_person", "home_visit"], "phone": ["phone"], "video": ["video"]}
LATEST = pl.Enum(["longer", "5-6", "4", "2-3"])  # months ago; the first is compared with
STYLE = "style"  # clients of her caseworker spoken to in a month, per ten
MIN_OTHERS = 60  # months of her other clients, below which a caseworker's style is not known


@dataclass(frozen=True, slots=True)
class ContactMonths:
    """Person-months from the fifth on benefit, whose contact history is known.

    Attributes
    ----------
    rows : one row per person-month: exposure, doses, background, caseworker (``cluster``), exits as
        ``to_<outcome>``, ``n_errors`` and ``ahead`` (rungs to the next month; missing if unknown).
    grouped : the same by exposure, background and caseworker; None without rows.
    """

    rows: pd.DataFrame = field(repr=False)
    grouped: Grouped | None = field(repr=False)

    @property
    def n_persons(self) -> int:
        """Persons behind the rows."""
        return int(self.rows["person_id"].nunique())

    def only(self, chosen: pd.Series) -> Self:
        """The months that are chosen; shape of ``chosen``: (n_rows,)."""
        if chosen.all():
            return self
        rows = self.rows[chosen]
        return type(self)(rows, _group(rows))


def build_months(
    panel: pl.LazyFrame, contacts: pl.LazyFrame | None, also: Sequence[str] = ()
) -> ContactMonths:
    """The months of ``panel`` (grain person-month) with all that is asked of them.

    A missing trait is a level of its own. Without ``contacts`` no channel is known. ``also``:
    columns of ``panel`` that are kept as they are.
    """
    rung = pl.col("labour_market_distance").cast(pl.Int32, strict=False)
    ahead = rung.shift(-1).over("spell_id") - rung
    months = (
        _add_channels(panel, contacts)
        .with_columns(ahead=pl.when(rung.is_not_null()).then(ahead.fill_null(0)), style=_style())
        .filter("is_contact_known", pl.col("months_since_entry") >= FIRST_MONTH)
        .select(*_background(), *_doses(), *also, "ahead", n_errors="n_errors_month", **_exits())
        .collect()
        .to_pandas()
    )
    levels = ["quarter", "role", "team", "number", *COMPARED_WITHIN[1:]]
    rows = add_duration_band(months).astype(dict.fromkeys(levels, "category"))
    return ContactMonths(rows, _group(rows))


def _background() -> list[pl.Expr]:
    texts = ("labour_market_distance", "sex", "household_type", "role")
    return [
        pl.col("person_id", "month", "months_since_entry"),
        pl.col(texts).fill_null(UNKNOWN),
        pl.col("n_benefits_earlier").clip(upper_bound=2).cast(pl.String).fill_null(UNKNOWN),
        band_of(pl.col("age_years"), AGE_BANDS).alias("age_band"),
        pl.col("is_exempt").fill_null(False),
        pl.col("caseworker_id").fill_null(UNKNOWN).alias("cluster"),
        pl.col("team_id").fill_null(UNKNOWN).alias("team"),
        pl.col("month").dt.truncate("1q").alias("quarter"),
    ]


def _doses() -> list[pl.Expr]:
    talks = pl.col("n_contacts_lag_2_4")
    return [
        (talks > 0).alias(EXPOSURE),
        talks.clip(upper_bound=MOST).cast(pl.String).alias("number"),
        _latest().alias("latest"),
        pl.col(*CHANNELS).fill_null(False),
        pl.col(STYLE),
    ]


def _exits() -> dict[str, pl.Expr]:
    return {f"to_{name}": is_exit_to(name) for name in (ALL, *GROUPS, UNEXPLAINED, DEATH)}


def _group(rows: pd.DataFrame) -> Grouped | None:
    if rows.empty:
        return None
    return group_months(rows[[EXPOSURE, *COMPARED_WITHIN]], rows["cluster"], [EXPOSURE])


def _latest() -> pl.Expr:
    """How long ago the latest talk was, those of the last month aside."""
    count = {m: pl.col(f"n_contacts_{m}m") for m in (1, 3, 6)}
    two_to_four = pl.col("n_contacts_lag_2_4")
    return (
        pl.when(count[3] > count[1])
        .then(pl.lit("2-3"))
        .when(two_to_four > 0)
        .then(pl.lit("4"))
        .when(count[6] - count[1] > two_to_four)
        .then(pl.lit("5-6"))
        .otherwise(pl.lit("longer"))
        .cast(LATEST)
    )


def _add_channels(panel: pl.LazyFrame, contacts: pl.LazyFrame | None) -> pl.LazyFrame:
    """Add whether there was a talk two to four months ago, by channel; missing is no."""
    if contacts is None:
        return panel.with_columns(**{name: pl.lit(False) for name in CHANNELS})
    talks = contacts.filter("is_personal", "is_reached", pl.col("phase") == "during").select(
        "person_id",
        month=pl.col("contact_date").dt.truncate("1mo"),
        **{name: pl.col("channel").is_in(codes) for name, codes in CHANNELS.items()},
    )
    held = talks.group_by("person_id", "month").agg(pl.col(*CHANNELS).any())
    later = pl.concat(held.with_columns(pl.col("month").dt.offset_by(f"{lag}mo")) for lag in LAGS)
    flags = later.group_by("person_id", "month").agg(pl.col(*CHANNELS).any())
    return panel.join(flags, on=["person_id", "month"], how="left", maintain_order="left")


def _style() -> pl.Expr:
    """Share of the caseworker's other clients' months in which she spoke to them, in tenths.

    Over all months whose contact history is known, of talks in the month before; to the nearest
    hundredth, since the months of clients with the same style are taken together.
    """
    counts = pl.col("is_contact_known") & pl.col("caseworker_id").is_not_null()
    spoken = ((pl.col("n_contacts_1m") > 0) & counts).fill_null(False).cast(pl.Int64)
    caseworker, own = ["caseworker_id"], ["caseworker_id", "person_id"]
    talks = spoken.sum().over(caseworker) - spoken.sum().over(own)
    months = counts.cast(pl.Int64).sum().over(caseworker) - counts.cast(pl.Int64).sum().over(own)
    return pl.when(months >= MIN_OTHERS).then((100 * talks / months).round() / 10)
