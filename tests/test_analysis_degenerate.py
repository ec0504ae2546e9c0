"""Whatever is delivered, a chapter says something: a gap or a table, never a crash or infinity."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cache

import numpy as np
import polars as pl
import pytest

from analysis_panels import KNOWN_CONTACTS, WINDOW, contacts_of, spells_of, town
from disclosure_tables import POLICY
from watwerkt.analysis import (
    aggregates,
    caseload,
    caseload_warnings,
    contact,
    contact_checks,
    contact_dose,
    contact_effect,
    contact_errors,
    contact_months,
    contact_steps,
    contact_style,
    contact_warnings,
    detectable,
    flows,
    group_contact,
    group_coverage,
    group_instruments,
    group_shock,
    group_tables,
    handling,
    incidence,
    registration,
    shock,
    shock_bounds,
    shock_groups,
    target_change,
)
from watwerkt.analysis.evidence import NOT_ESTIMABLE
from watwerkt.disclosure import Gap, Protected
from watwerkt.disclosure.gap import NO_CONTACTS
from watwerkt.publish.language import Translator

TOWN = town()
LEVEL = 0.95
REGISTERED = pl.LazyFrame({"team_id": ["t0", "t1"], "is_collapsed": [False, True]})
TOO_SMALL_FOR = [  # two teams, six caseworkers, traits that never change, no errors
    shock.NO_SHOCKS,
    contact_style.FEW_STYLES,
    contact_steps.NOT_DATED,
    contact_errors.NO_ERRORS,
    group_coverage.NO_STEPS,  # its steps are not those of the ladder
    group_tables.NO_GROUP_EFFECTS,
]
EMPTY_POLICIES = pl.LazyFrame(schema={"start_date": pl.Date, "target_caseload": pl.Float64})


@dataclass(frozen=True, eq=False)
class Delivery:
    """A panel and what else a chapter reads; a table that is None was not delivered."""

    panel: pl.LazyFrame
    spells: pl.LazyFrame
    contacts: pl.LazyFrame | None
    policies: pl.LazyFrame | None = None


def delivered(rows: pl.DataFrame, **missing: object) -> Delivery:
    tables = {"spells": spells_of(rows), "contacts": contacts_of(rows)} | missing
    return Delivery(rows.lazy(), **tables)


def without(*columns: str) -> pl.DataFrame:
    return TOWN.with_columns(pl.lit(None, TOWN.schema[name]).alias(name) for name in columns)


def spoken_to(n: int) -> pl.DataFrame:
    return TOWN.with_columns(pl.lit(n, TOWN.schema[name]).alias(name) for name in KNOWN_CONTACTS)


@cache
def months(delivery: Delivery) -> contact_months.ContactMonths:
    return contact_months.build_months(delivery.panel, delivery.contacts)


@cache
def fits(delivery: Delivery) -> dict:
    return contact_effect.fit_outcomes(months(delivery), ["all", "education"])


@cache
def checks(delivery: Delivery) -> contact_checks.Fits:
    return contact_checks.fit_checks(months(delivery), fits(delivery).get("all"))


@cache
def shocks(delivery: Delivery) -> tuple[shock.Fits, shock.Placebos]:
    return shock.fit_shocks(delivery.panel)


LOWERED = pl.LazyFrame(
    {
        "start_date": [date(2021, 1, 1), date(2022, 7, 1)],
        "target_caseload": [80.0, 60.0],
        "team_id": [None, "t0"],
    }
)
ASSIGNMENTS = ["caseworker_id", "team_id", "role", "caseload_fte", "caseload_head"]
TRAITS = [
    *("age_years", "sex", "household_type", "origin", "district_id"),
    *("labour_market_distance", "n_benefits_earlier", "is_exempt"),
]
FIRST = TOWN["person_id"].unique().sort()
DELIVERIES = {
    "a town": delivered(TOWN, policies=EMPTY_POLICIES),
    "no exits": delivered(TOWN.with_columns(exit_destination=pl.lit("stay"))),
    "all exits to work": delivered(
        TOWN.with_columns(
            pl.col("exit_destination").replace_strict({"stay": "stay"}, default="work")
        )
    ),
    "only moves": delivered(
        TOWN.with_columns(
            pl.col("exit_destination").replace_strict({"stay": "stay"}, default="moved")
        )
    ),
    "one client": delivered(TOWN.filter(pl.col("person_id") == FIRST[0])),
    "twelve clients": delivered(TOWN.filter(pl.col("person_id").is_in(FIRST[:12].to_list()))),
    "one caseworker": delivered(TOWN.with_columns(caseworker_id=pl.lit("w0"))),
    "two caseworkers": delivered(TOWN.filter(pl.col("caseworker_id").is_in(["w0", "w1"]))),
    "everybody contacted": delivered(spoken_to(1)),
    "nobody contacted": delivered(spoken_to(0)),
    "no contacts": delivered(without("is_contact_known", *KNOWN_CONTACTS), contacts=None),
    "history unknown": delivered(TOWN.with_columns(is_contact_known=pl.lit(False))),
    "no assignments": delivered(without(*ASSIGNMENTS)),
    "no fte": delivered(without("caseload_fte")),
    "no teams": delivered(without("team_id")),
    "no traits": delivered(without(*TRAITS)),
    "one caseload": delivered(TOWN.with_columns(caseload_fte=80.0, caseload_head=80.0)),
    "one month": delivered(TOWN.filter(pl.col("month") == pl.col("month").max())),
    "nobody": delivered(TOWN.clear()),
}
NAMED = ["sex", "education", "distance", "duration"]
BEGUN = pl.LazyFrame(
    {
        "person_id": FIRST[:60],
        "start_date": [date(2021, 1 + i % 12, 5) for i in range(60)],
        "end_date": pl.Series([None] * 60, dtype=pl.Date),
        "type": "training",
    }
)


@cache
def reached(delivery: Delivery) -> pl.DataFrame:
    return group_coverage.build_reached(delivery.panel, BEGUN, NAMED)


@cache
def groups(delivery: Delivery) -> dict:
    return {
        "talks": group_contact.fit_contact(delivery.panel, delivery.contacts, NAMED),
        "shocks": group_shock.fit_shock(delivery.panel, NAMED),
        "starts": group_instruments.fit_instruments(delivery.panel, BEGUN, NAMED),
    }


def effects_of(delivery: Delivery, question: str, table: Callable) -> Protected | Gap:
    return table(groups(delivery)[question], group_tables.CONTACT, POLICY, LEVEL)


ANALYSES: dict[str, Callable[[Delivery], Protected | Gap]] = {
    "stock": lambda d: flows.monthly_stock(d.panel, POLICY),
    "flows": lambda d: flows.quarterly_flows(d.panel, POLICY),
    "exits": lambda d: flows.yearly_exits(d.panel, POLICY),
    "work bounds": lambda d: flows.work_share_bounds(d.panel, POLICY),
    "incidence": lambda d: incidence.exits_by_destination(d.spells, WINDOW, POLICY, LEVEL),
    "survival": lambda d: incidence.still_on_benefit(d.spells, WINDOW, POLICY, LEVEL),
    "caseload fte": lambda d: caseload.caseload_distribution(d.panel, POLICY, per="fte"),
    "caseload head": lambda d: caseload.caseload_distribution(d.panel, POLICY, per="head"),
    "target": lambda d: caseload.realised_against_target(d.panel, d.policies, POLICY),
    "slopes fte": lambda d: caseload_warnings.naive_slopes(d.panel, POLICY, "fte", LEVEL),
    "slopes head": lambda d: caseload_warnings.naive_slopes(d.panel, POLICY, "head", LEVEL),
    "channels": lambda d: contact.contacts_by_quarter(d.contacts, d.panel, POLICY, "channel"),
    "without contact": lambda d: contact.clients_without_contact(d.panel, POLICY),
    "by distance": lambda d: contact.contacts_by_group(d.panel, POLICY, "labour_market_distance"),
    "first contact": lambda d: contact.time_to_first_contact(
        d.spells, d.contacts, WINDOW, POLICY, LEVEL
    ),
    "naive odds": lambda d: contact_warnings.naive_odds(d.panel, POLICY, LEVEL),
    "ever": lambda d: contact_warnings.ever_against_never(d.panel, POLICY, LEVEL),
    "odds": lambda d: contact_effect.odds_ratios(fits(d), POLICY, LEVEL),
    "per hundred": lambda d: contact_effect.per_hundred(fits(d), POLICY, LEVEL),
    "initiative": lambda d: contact.contacts_by_quarter(d.contacts, d.panel, POLICY, "initiative"),
    "styles": lambda d: contact_style.odds_by_style(
        contact_style.fit_styles(months(d)), POLICY, LEVEL
    ),
    "doses": lambda d: contact_dose.odds_by_dose(
        contact_dose.fit_doses(months(d)), "number", POLICY, LEVEL
    ),
    "errors": lambda d: contact_errors.error_ratio(
        contact_errors.fit_errors(months(d)), POLICY, LEVEL
    ),
    "steps": lambda d: contact_steps.odds_of_steps(
        contact_steps.fit_steps(months(d)), d.contacts, POLICY, LEVEL
    ),
    "unknown reasons": lambda d: contact_checks.bounds(checks(d), POLICY, LEVEL),
    "deaths": lambda d: contact_checks.negative_control(checks(d), POLICY, LEVEL),
    "elasticities": lambda d: shock.elasticities(shocks(d)[0], POLICY, LEVEL),
    "shown elasticities": lambda d: shock.shown_elasticities(shocks(d)[0], POLICY, LEVEL),
    "first stages": lambda d: shock.first_stages(shocks(d)[0], POLICY, LEVEL),
    "placebo": lambda d: shock.placebo(shocks(d)[1], POLICY, LEVEL),
    "shock bounds": lambda d: shock_bounds.elasticity_bounds(
        shock_bounds.fit_readings(d.panel), POLICY, LEVEL
    ),
    "shock groups": lambda d: shock_groups.by_group(
        shock_groups.fit_groups(d.panel), POLICY, LEVEL
    ),
    "shock doses": lambda d: shock_groups.by_dose(d.panel, POLICY, LEVEL),
    "smaller target": lambda d: target_change.effects(
        target_change.fit_changes(d.panel, LOWERED), POLICY, LEVEL
    ),
    "detectable": lambda d: detectable.detectable_difference(d.panel, POLICY),
    "registration": lambda d: registration.contacts_by_team(d.panel, REGISTERED, POLICY),
    "by team and month": lambda d: registration.contacts_by_team_month(d.panel, POLICY),
    "handling": lambda d: handling.handling_by_year(d.panel, POLICY),
    "overall": lambda d: group_coverage.overall(reached(d), POLICY),
    "coverage": lambda d: group_coverage.coverage(reached(d), NAMED, NAMED, POLICY),
    "neither": lambda d: group_coverage.neither(reached(d), NAMED, POLICY),
    "missed": lambda d: group_coverage.missed(reached(d), NAMED, POLICY),
    "talks by group": lambda d: effects_of(d, "talks", group_tables.within),
    "shown talks by group": lambda d: group_tables.shown_within(
        groups(d)["talks"], group_tables.CONTACT, NAMED, POLICY, LEVEL
    ),
    "talks between groups": lambda d: effects_of(d, "talks", group_tables.between),
    "talks drawn together": lambda d: effects_of(d, "talks", group_tables.drawn_together),
    "shocks by group": lambda d: effects_of(d, "shocks", group_tables.within),
    "starts by group": lambda d: effects_of(d, "starts", group_tables.within),
    "groups too few": lambda d: group_tables.too_few(effects_of(d, "talks", group_tables.within)),
    "aggregates": lambda d: aggregates.exits_by_year(d.panel, POLICY),
}


@pytest.mark.parametrize("analysis", ANALYSES)
@pytest.mark.parametrize("delivery", DELIVERIES)
def test_says_something(delivery, analysis):
    found = ANALYSES[analysis](DELIVERIES[delivery])
    if isinstance(found, Gap):
        assert Translator("nl").text(found.reason) != found.reason
        assert delivery != "a town" or found in TOO_SMALL_FOR
    else:
        figures = found.frame.select_dtypes("number").to_numpy(float, na_value=np.nan)
        assert not np.isinf(figures).any()


def test_a_town_has_figures():
    for analysis in ("odds", "per hundred", "naive odds", "ever", "slopes fte"):
        assert ANALYSES[analysis](DELIVERIES["a town"]).frame["estimate"].notna().any(), analysis


def test_an_empty_contact_table_was_delivered_and_says_nothing():
    nobody = DELIVERIES["nobody contacted"]
    assert nobody.contacts is not None
    for analysis in ("channels", "first contact"):
        assert ANALYSES[analysis](nobody) is NO_CONTACTS


def test_what_cannot_be_estimated_is_a_row_all_the_same():
    """Pooling only what could be estimated would bias what is pooled."""
    row = ANALYSES["odds"](DELIVERIES["everybody contacted"]).frame.iloc[0]
    assert (row["analysis"], row["outcome"], row["note"]) == ("P4", "all", NOT_ESTIMABLE)
    assert row[["estimate", "std_error", "conf_low", "conf_high", "mde", "n_obs"]].isna().all()
    assert row["is_primary"]
