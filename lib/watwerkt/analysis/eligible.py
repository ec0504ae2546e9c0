"""Who could take part in next year's lottery, and what became of people like them before.

Eligible is who is on benefit in the last month observed, came on it in an earlier month, is not
exempt from looking for work and has no end of benefit booked. Of partners on one benefit one takes
part. The same rule, with what was booked at the time, gives the people of past years: some of them
had left already, which nobody knew yet, as will be so next year.
"""

from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd
import polars as pl

from watwerkt.analysis.trial_outcomes import FAR, add_outcomes, outcome_name
from watwerkt.analysis.trial_rows import Trial
from watwerkt.errors import DataError
from watwerkt.estimators.planted_hazard import DAYS_PER_MONTH, MONTHS, FloatArray
from watwerkt.estimators.two_arms import Mechanism
from watwerkt.panel.prepared import Prepared

N_COHORTS = 2
TRAITS = ("months_since_entry", "labour_market_distance", "n_contacts_12m")


@dataclass(frozen=True, slots=True)
class Moment:
    """A draw: its day, the last month observed before it, and the day of the extract."""

    drawn: date
    observed: date
    extract: date

    def earlier(self, months: int) -> "Moment":
        """The same, so many months before."""
        return Moment(*(_shift(day, months) for day in (self.drawn, self.observed, self.extract)))


def next_draw(prepared: Prepared, drawn: date) -> Moment:
    """A draw from this delivery; DataError where nobody was on benefit in the months observed."""
    last = prepared.panel.select(pl.col("month").max()).collect().item()
    if last is None:
        raise DataError(
            f"{prepared.about['municipality_id']}: nobody is on benefit in the months observed; "
            "nothing can be planned"
        )
    return Moment(drawn, last, date.fromisoformat(prepared.about["extract_date"]))


def eligible_at(prepared: Prepared, moment: Moment) -> pd.DataFrame:
    """Who can be drawn: person_id, benefit_id and ``TRAITS``, sorted by person.

    Left out is whose benefit was booked, at the time, to have ended by the day of the draw.
    """
    people = (
        prepared.panel.filter(
            (pl.col("month") == moment.observed)
            & (pl.col("months_since_entry") >= 1)
            & ~pl.col("is_exempt").fill_null(False)
        )
        .select("person_id", "benefit_id", *TRAITS)
        .join(_running(prepared, moment), on="person_id", how="semi")
        .sort("person_id")
        .unique("benefit_id", keep="first", maintain_order=True)
        .unique("person_id", keep="first", maintain_order=True)
    )
    return people.collect().to_pandas()


def past_years(prepared: Prepared, moment: Moment) -> pd.DataFrame:
    """People who could have been drawn in the two latest years that are observed, and that year.

    Whole years earlier, since more people leave in some months than in others; where the window is
    too short for that, the latest twelve months that are observed.

    Columns: ``TRAITS``, months (on benefit up to the first exit, at most 12; 0 for who had left
    already), has_left, days (on benefit within the year).
    """
    back = 0
    while _shift(moment.drawn, back - MONTHS) > prepared.observed_until:
        back += 1
    years = -(-back // MONTHS)
    shifts = [MONTHS * (years + i) for i in range(N_COHORTS)]
    parts = [_past_year(prepared, moment.earlier(months)) for months in shifts]
    found = [part for part in parts if len(part)]
    return pd.concat(found or [_past_year(prepared, moment.earlier(back))], ignore_index=True)


def _running(prepared: Prepared, moment: Moment) -> pl.LazyFrame:
    """Persons with a benefit that was not known to end by the draw."""
    benefits = prepared.tables["benefits"]
    names = benefits.collect_schema().names()
    booked = pl.col("end_registered_date") if "end_registered_date" in names else pl.lit(None)
    was_known = booked.cast(pl.Date).is_null() | (booked <= moment.extract)
    ended = (pl.col("end_date").fill_null(FAR) <= moment.drawn) & was_known
    return benefits.filter((pl.col("start_date") <= moment.drawn) & ~ended).select("person_id")


def _past_year(prepared: Prepared, moment: Moment) -> pd.DataFrame:
    rows = eligible_at(prepared, moment).assign(assigned_date=moment.drawn)
    if rows.empty:
        return rows
    trial = Trial("past", "person", "", (), Mechanism("person", False), rows)
    followed = add_outcomes(replace(trial, rows=rows), prepared, [MONTHS])
    months = _months_at_risk(rows, prepared, moment.drawn)
    left = followed[outcome_name("all", MONTHS)].to_numpy(float) > 0
    return rows[list(TRAITS)].assign(
        months=months,
        has_left=left & (months > 0),
        days=followed[outcome_name("benefit_days", MONTHS)].to_numpy(float),
    )


def _months_at_risk(rows: pd.DataFrame, prepared: Prepared, drawn: date) -> FloatArray:
    """Months from the draw to the end of the benefit that ran then, at most twelve."""
    ends = pl.col("end_date").fill_null(FAR)
    running = (
        prepared.spells.filter((pl.col("start_date") <= drawn) & (ends > drawn))
        .group_by("person_id")
        .agg(days=(ends - pl.lit(drawn)).dt.total_days().max())
    )
    people = pl.from_pandas(rows[["person_id"]]).lazy()
    days = people.join(running, on="person_id", how="left", maintain_order="left")
    found = days.select(pl.col("days").fill_null(0).cast(pl.Float64)).collect()["days"].to_numpy()
    return np.asarray(np.minimum(found / DAYS_PER_MONTH, float(MONTHS)))


def _shift(day: date, months: int) -> date:
    """So many months earlier; the last day of a shorter month where there is no such day."""
    return pl.select(pl.lit(day).dt.offset_by(f"{-months}mo")).item()
