"""What becomes of people after an exit, as published: in a job, back on benefit."""

from datetime import date

import numpy as np
import polars as pl

from watwerkt.codebook import read_codebook
from watwerkt.synthetic.clock import Flags

MONTH_DAYS = 365.25 / 12
MAX_GAP_DAYS = 30
NEVER_DAYS = 10**6
COHORT = (date(2020, 12, 1), date(2021, 11, 30))  # of CBS: exits of these twelve months
UNBROKEN_MONTHS = 18
REASONS = {
    "work": ["work"],
    "work_study": ["work", "education"],
    "enforcement": ["ineligible", "administrative"],
}


def measure_aftermath(
    spells: pl.DataFrame, jobs: pl.DataFrame, quarters: list[date]
) -> dict[str, float]:
    """Returns by reason and months, and the cohort that left to a job followed for 18 months."""
    exits = spells.filter(
        pl.col("end_date").is_between(quarters[0], quarters[-1]),
        pl.col("gap_after").is_null() | (pl.col("gap_after") > MAX_GAP_DAYS),
    )
    followed = (quarters[-1] - exits["end_date"]).dt.total_days().to_numpy()
    gap = exits["gap_after"].fill_null(NEVER_DAYS).to_numpy()
    chosen = {name: _is_reason(exits, kinds) for name, kinds in REASONS.items()}
    chosen["all"] = np.ones(len(exits), bool)
    wanted = [("work", 12), ("all", 6), ("all", 12), ("all", 24), ("work_study", 6)]
    returned = {
        f"returned_{months}_months_{name}": _returned(
            gap[chosen[name]], followed[chosen[name]], months
        )
        for name, months in [*wanted, ("work", 60), ("enforcement", 6)]
    }
    return {**returned, **_cohort_to_a_job(spells, exits, jobs)}


def _is_reason(exits: pl.DataFrame, destinations: list[str]) -> Flags:
    """Exits with a known reason that leads to one of the destinations."""
    listed = read_codebook("exit_reason")["codes"]
    codes = [code for code, entry in listed.items() if entry["destination"] in destinations]
    return exits["exit_reason"].is_in(codes).fill_null(False).to_numpy()


def _returned(gap: np.ndarray, followed: np.ndarray, months: int) -> float:
    """Share back within ``months`` (Kaplan-Meier: not everybody is followed as long)."""
    days, back = np.minimum(gap, followed), gap <= followed
    stays = 1.0
    for day in np.unique(days[back & (days <= months * MONTH_DAYS)]):
        stays *= 1 - (back & (days == day)).sum() / (days >= day).sum()
    return float(1 - stays)


def _cohort_to_a_job(
    spells: pl.DataFrame, exits: pl.DataFrame, jobs: pl.DataFrame
) -> dict[str, float]:
    """CBS: left in the year, and one month later in a job and off benefit."""
    year = exits.filter(pl.col("end_date").is_between(*COHORT))
    at_start = (pl.col("start_date") <= COHORT[0]) & ~(pl.col("end_date") <= COHORT[0]).fill_null(
        False
    )
    works, is_on = _state_after(year, spells, jobs, 1)
    cohort = year.filter(pl.Series(works & ~is_on))
    unbroken = np.ones(len(cohort), bool)
    figures = {
        "job_exit_year_share": len(cohort) / spells.filter(at_start).height,
        "job_share_of_exits": len(cohort) / len(year),
    }
    for month in range(1, UNBROKEN_MONTHS + 1):
        works, is_on = _state_after(cohort, spells, jobs, month)
        unbroken &= works & ~is_on
        if month == 6:
            figures["employed_6_months"] = float((works & ~is_on).mean())
    return figures | {
        "employed_18_months": float((works & ~is_on).mean()),
        "unbroken_18_months": float(unbroken.mean()),
        "not_employed_18_months": float((~works).mean()),
        "on_benefit_18_months": float(is_on.mean()),
    }


def _state_after(
    exits: pl.DataFrame, spells: pl.DataFrame, jobs: pl.DataFrame, months: int
) -> tuple[Flags, Flags]:
    """In a job, and on benefit, so many months after each exit."""
    day = pl.col("end_date").dt.offset_by(f"{months}mo")
    moment = exits.select("person_id", day=day).with_row_index("row")
    month = pl.col("day").dt.month_start()
    working = moment.with_columns(month=month).join(jobs, on=["person_id", "month"], how="semi")
    held = moment.join(spells.select("person_id", "start_date", "end_date"), on="person_id")
    is_over = (pl.col("end_date") <= pl.col("day")).fill_null(False)
    running = held.filter(pl.col("start_date") <= pl.col("day"), ~is_over)
    rows = np.arange(len(exits))
    return np.isin(rows, working["row"].to_numpy()), np.isin(rows, running["row"].to_numpy())
