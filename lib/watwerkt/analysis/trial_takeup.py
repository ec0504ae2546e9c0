"""Who received what, whatever was drawn, and what taking part did."""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd
import polars as pl

from watwerkt.analysis.trial_effect import ITT, KEYS, Estimate, describe_trial
from watwerkt.analysis.trial_rows import NO_TRIAL, Trial
from watwerkt.disclosure import Gap, Policy, Protected, protect_estimates, protect_shares
from watwerkt.errors import DataError
from watwerkt.estimators.takeup import estimate_cace
from watwerkt.panel.prepared import Prepared

RECEIVED_MONTHS = 6
OUTCOMES = ("all", "benefit_days")
COUNTS = ["n_persons", "n_took_up", "n_spoken", "n_provision"]
TAKING_PART = replace(
    ITT,
    is_primary=False,
    design="CACE",
    estimand="effect of taking part, on those who did because they were drawn",
    grade=4,
    status="indicative",
)


def received(trials: Sequence[Trial], prepared: Prepared, policy: Policy) -> Protected | Gap:
    """Per arm of each trial: who took part, and who was spoken to or began a provision.

    The last two within six months of the draw, where contacts and provisions were delivered. Took
    part in the control arm, or did not in another, is crossover.
    """
    if not trials:
        return NO_TRIAL
    flags = [_flags(trial, prepared) for trial in trials]
    names = [n for n in COUNTS if all(part[n].notna().any() for part in flags)]
    rows = pd.concat(flags, ignore_index=True).astype(dict.fromkeys(names, "float64"))
    table = rows.groupby(["trial_id", "arm"], as_index=False)[names].sum()
    if names == ["n_persons"]:
        return Gap("Not delivered: who took part, and what people received.")
    shares = {f"share_{n[2:]}": (n, "n_persons") for n in names[1:]}
    return protect_shares(table, shares, policy, by=[("trial_id", "arm")])


def taking_part(trials: Sequence[Trial], policy: Policy, conf_level: float) -> Protected | Gap:
    """Effect at 12 months of taking part, for those who did because they were drawn (CACE).

    With Anderson and Rubin's interval, which stays right where few were moved. A row without
    figures where nobody was, or where it is not known who took part.
    """
    if not trials:
        return NO_TRIAL
    rows = [
        describe_trial(
            trial, TAKING_PART, outcome, arm, conf_level, _complier(trial, arm, conf_level)
        )
        for trial in trials
        for outcome in OUTCOMES
        for arm in trial.arms
    ]
    return protect_estimates(pd.concat(rows, ignore_index=True), policy, by=KEYS)


def _complier(trial: Trial, arm: str, conf_level: float) -> Estimate:
    def estimate(rows: pd.DataFrame, name: str) -> pd.DataFrame:
        if rows["took_up"].isna().any():
            raise DataError("of some people in the trial it is not known whether they took part")
        fit = estimate_cace(rows, arm, trial.control, trial.mechanism, outcome=name)
        return fit.tidy(conf_level)

    return estimate


def _flags(trial: Trial, prepared: Prepared) -> pd.DataFrame:
    """One row per person: 1 or 0 for each thing received, missing where it was not delivered."""
    rows = trial.rows[["person_id", "arm", "took_up", "assigned_date"]].reset_index(drop=True)
    asked = pl.from_pandas(rows).with_columns(pl.col("assigned_date").cast(pl.Date))
    contacts, services = prepared.table("contacts"), prepared.table("services")
    if contacts is not None:
        contacts = contacts.filter("is_personal", "is_reached")
    return pd.DataFrame(
        {
            "trial_id": trial.trial_id,
            "arm": rows["arm"],
            "n_persons": 1.0,
            "n_took_up": rows["took_up"].astype("Float64"),
            "n_spoken": _had(asked, contacts, "contact_date"),
            "n_provision": _had(asked, services, "start_date"),
        }
    )


def _had(asked: pl.DataFrame, table: pl.LazyFrame | None, date: str) -> list[float | None]:
    """Whether each person has a row of ``table`` within six months of the draw."""
    if table is None:
        return [None] * len(asked)
    until = pl.col("assigned_date").dt.offset_by(f"{RECEIVED_MONTHS}mo")
    held = (
        asked.lazy()
        .with_row_index("row")
        .join(table.select("person_id", happened=pl.col(date)), on="person_id")
        .filter(pl.col("happened") >= pl.col("assigned_date"), pl.col("happened") < until)
        .select("row")
        .unique()
        .collect()["row"]
    )
    places = pl.int_range(len(asked), dtype=pl.UInt32, eager=True)
    return places.is_in(held.implode()).cast(pl.Float64).to_list()
