"""Trials as they were drawn: one row per person, with what was known of them before the draw.

A person counts in the arm that was drawn, whatever came of it afterwards. Where caseworkers or
teams were drawn, their clients of that month are the persons; where applications were drawn,
partners who came on one benefit are one unit, since a household is drawn as one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd
import polars as pl

from watwerkt.codebook import UNKNOWN
from watwerkt.disclosure import Gap
from watwerkt.estimators.two_arms import Mechanism
from watwerkt.panel.prepared import Prepared

NO_TRIAL = Gap("Not delivered: a trial in which people were divided by lot.")
NO_CASELOAD_LOTTERY = Gap(
    "Not delivered: a trial in which teams were given a target caseload by lot."
)
NO_PREVENTION = Gap("Not delivered: a trial in which applications were divided by lot.")
BEFORE = (  # what is known before the draw
    "age_years",
    "sex",
    "household_type",
    "labour_market_distance",
    "n_benefits_earlier",
    "months_since_entry",
)
TEXTS = ("sex", "household_type", "labour_market_distance")
HANDLED_BY = {"caseworker": "caseworker_id", "team": "team_id"}


@dataclass(frozen=True, slots=True)
class Trial:
    """One trial.

    Attributes
    ----------
    trial_id : its name in the delivery.
    unit : what was drawn: ``person``, ``application``, ``caseworker`` or ``team``.
    control : the arm that the others are compared with.
    arms : the other arms, by name.
    mechanism : how it was drawn.
    rows : one row per person: person_id, unit_id, arm, stratum, cluster where units hold several
        persons, probability, took_up, assigned_date, and the traits of ``BEFORE`` (missing where
        the person was not on benefit).
    caseloads : arm → target caseload that its teams were given by lot; empty where they were not.
    """

    trial_id: str
    unit: str
    control: str
    arms: tuple[str, ...]
    mechanism: Mechanism
    rows: pd.DataFrame = field(repr=False)
    caseloads: Mapping[str, float] = field(default_factory=dict)


def find_trials(prepared: Prepared, control_arm: str) -> list[Trial]:
    """Every trial of the delivery that compares at least two arms, sorted by name.

    The control is the arm called ``control_arm``, or else the one of which the fewest took up.
    """
    drawn = prepared.table("trials")
    if drawn is None:
        return []
    names = drawn.collect_schema().names()
    texts = {n: pl.lit(None, pl.String) for n in ("unit", "stratum") if n not in names}
    flags = {n: pl.lit(None, pl.Boolean) for n in ("took_up",) if n not in names}
    units = drawn.with_columns(**texts, **flags).with_columns(
        pl.col("unit").fill_null("person").replace(UNKNOWN, "person"),
        pl.col("stratum").fill_null(UNKNOWN),
    )
    frame = units.sort("trial_id", "unit_id").collect()
    found = [_trial(prepared, part, control_arm) for part in frame.partition_by("trial_id")]
    return [trial for trial in found if trial is not None]


def trials_of(trials: Sequence[Trial], is_prevention: bool) -> list[Trial]:
    """Trials that drew applications (prevention), or all others."""
    return [t for t in trials if (t.unit == "application") == is_prevention]


def _trial(prepared: Prepared, drawn: pl.DataFrame, control_arm: str) -> Trial | None:
    unit = str(drawn["unit"][0])
    rows = _persons(prepared, drawn, unit)
    arms = sorted(rows["arm"].unique())
    if len(arms) < 2:
        return None
    taken = rows.group_by("arm").agg(pl.col("took_up").mean().fill_null(1)).sort("took_up", "arm")
    control = control_arm if control_arm in arms else str(taken["arm"][0])
    traits = _known_before(prepared, rows)
    frame = rows.join(traits, on=["person_id", "assigned_date"], how="left").sort("unit_id")
    return Trial(
        trial_id=str(drawn["trial_id"][0]),
        unit=unit,
        control=control,
        arms=tuple(arm for arm in arms if arm != control),
        mechanism=Mechanism(
            unit="person" if unit == "person" else "cluster",
            has_strata=rows["stratum"].n_unique() > 1,
        ),
        rows=frame.sort("person_id", "unit_id").to_pandas(),
        caseloads=_caseloads(prepared, drawn) if unit == "team" else {},
    )


def _caseloads(prepared: Prepared, drawn: pl.DataFrame) -> dict[str, float]:
    """The target of each arm's teams in the month of the draw; empty where it is not one an arm."""
    policies = prepared.table("policies")
    names = policies.collect_schema().names() if policies is not None else []
    if policies is None or not {"team_id", "target_caseload"} <= set(names):
        return {}
    targets = policies.drop_nulls(["team_id", "target_caseload"]).select(
        "start_date", "target_caseload", unit_id="team_id"
    )
    held = (
        drawn.lazy()
        .join(targets, on="unit_id")
        .filter(pl.col("start_date") <= pl.col("assigned_date").dt.month_end())
        .sort("unit_id", "start_date")
        .unique("unit_id", keep="last", maintain_order=True)
        .collect()
    )
    pairs = held.select("arm", "target_caseload").unique().sort("arm", "target_caseload")
    found = dict(pairs.iter_rows())
    is_one_each = len(held) == drawn["unit_id"].n_unique() and len(pairs) == len(found)
    return found if is_one_each and len(set(found.values())) > 1 else {}


def _persons(prepared: Prepared, drawn: pl.DataFrame, unit: str) -> pl.DataFrame:
    """The persons behind the units that were drawn, with a ``cluster`` where there is one."""
    if unit == "application":
        return _applicants(prepared, drawn)
    if unit in HANDLED_BY:
        clients = prepared.panel.select(
            "person_id",
            assigned_month="month",
            unit_id=HANDLED_BY[unit],
        ).collect()
        month = pl.col("assigned_date").dt.truncate("1mo").alias("assigned_month")
        held = drawn.with_columns(month).join(clients, on=["unit_id", "assigned_month"])
        return held.drop("assigned_month").with_columns(cluster="unit_id")
    return drawn.with_columns(person_id="unit_id")


def _applicants(prepared: Prepared, drawn: pl.DataFrame) -> pl.DataFrame:
    """Who applied; without the table of applications an application is a person of its own."""
    applied = prepared.table("applications")
    if applied is None:
        return drawn.with_columns(person_id="unit_id", cluster="unit_id")
    who = applied.select(unit_id="application_id", person_id="person_id").collect()
    rows = drawn.join(who, on="unit_id", how="left").with_columns(
        pl.col("person_id").fill_null(pl.col("unit_id"))
    )
    paid = prepared.tables["benefits"].select("person_id", "benefit_id", "start_date").collect()
    near = rows.select("unit_id", "person_id", "assigned_date").join(paid, on="person_id")
    days = (pl.col("start_date") - pl.col("assigned_date")).dt.total_days()
    first = near.filter(days >= 0).sort("start_date", "benefit_id").unique("unit_id", keep="first")
    shared = rows.join(first.select("unit_id", "benefit_id"), on="unit_id", how="left")
    together = pl.format("{} {}", "benefit_id", "arm").fill_null(pl.col("unit_id"))
    return shared.with_columns(cluster=together).drop("benefit_id")


def _known_before(prepared: Prepared, rows: pl.DataFrame) -> pl.DataFrame:
    """Traits on the panel in the month of the draw; one row per person and date of the draw."""
    wanted = rows.select("person_id", "assigned_date").unique()
    wanted = wanted.with_columns(month=pl.col("assigned_date").dt.truncate("1mo"))
    traits = prepared.panel.select("person_id", "month", *BEFORE).unique(
        ["person_id", "month"], keep="first", maintain_order=True
    )
    found = wanted.lazy().join(traits, on=["person_id", "month"], how="left").collect()
    known = [pl.col(name).cast(pl.String).fill_null(UNKNOWN) for name in TEXTS]
    return found.drop("month").with_columns(known)
