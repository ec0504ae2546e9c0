"""What is true of a synthetic municipality: parameters, estimands, and plain description."""

from typing import Any

import numpy as np
import polars as pl

from watwerkt.synthetic import counterfactual
from watwerkt.synthetic.applications import Applications
from watwerkt.synthetic.clock import BURN_IN_MONTHS
from watwerkt.synthetic.register import Register
from watwerkt.synthetic.simulate import Start
from watwerkt.synthetic.state import EXIT_KINDS, KIND
from watwerkt.synthetic.trial_tables import SEARCH

SCHEMA_VERSION = 1
EXPOSURE = "contact_2_4_months_ago"
OTHER_OUTCOMES = ("other_income", "education", "administrative")  # share one planted log odds ratio
TRIAL_HORIZONS = (12, 24)
SHOCK_SPANS = [range(1), range(7), range(4, 10)]  # at once; with the hand-over; without it
DIGITS = 5


def months_to_keep(start: Start) -> list[int]:
    """Months whose opening state the counterfactuals need."""
    trial, n_months = start.world.scenario.trial, start.world.clock.n_months
    forks = counterfactual.fork_months(n_months, int(start.state.is_on.sum()))
    return sorted({*forks, *([trial.month] if trial else [])})


def build_truth(
    start: Start, register: Register, applications: Applications, counterfactuals: bool
) -> dict[str, Any]:
    """The content of ``truth.yaml``."""
    return {
        "schema_version": SCHEMA_VERSION,
        "scenario": start.world.scenario.model_dump(mode="json"),
        "estimands": build_estimands(start, register, applications) if counterfactuals else [],
        "described": describe(register),
    }


def build_estimands(
    start: Start, register: Register, applications: Applications
) -> list[dict[str, Any]]:
    """One row per estimand, keyed as in ``estimates.parquet``; none for less than a year."""
    rows = []
    if start.world.clock.n_months >= counterfactual.RISK_MONTHS:
        rows = _caseload_rows(start, register) + _contact_rows(start, register)
    effects = counterfactual.trial_effects(start, register.history, TRIAL_HORIZONS)
    rows += [
        _row("07_experiments", "P7", outcome, months, "intention to treat",
             "days" if outcome == "benefit_days" else "pp", "intensief", figure)
        for months, figures in effects.items()
        for outcome, figure in figures.items()
    ]  # fmt: skip
    if start.lottery.is_in.any():
        frame = applications.frame.filter(pl.col("lottery") >= 0)
        n_refused = len(frame) - int(start.lottery.is_in.sum())
        entry = counterfactual.prevention_effects(start, n_refused)["entry"]
        text = "entry within 6 months of application, search period against intake as usual"
        rows.append(_row("07_experiments", "P8", "entry", 6, text, "pp", SEARCH, entry))
    return rows


def _caseload_rows(start: Start, register: Register) -> list[dict[str, Any]]:
    rows = []
    figures = counterfactual.caseload_elasticity(start, register.history, SHOCK_SPANS)
    for span, by_outcome in zip(SHOCK_SPANS, figures, strict=True):
        text = f"exit hazard per log caseload, months {span.start}-{span.stop - 1}"
        rows += [
            _row("03_caseload_outflow", "P1", o, span.stop, text, "elasticity", "log_caseload", f)
            for o, f in by_outcome.items()
        ]
    return rows


def _contact_rows(start: Start, register: Register) -> list[dict[str, Any]]:
    chapter = "04_contact_intensity"
    odds = counterfactual.contact_odds_ratios(start, register.history)
    named = {
        "all": odds["all"],
        "work": odds["work"],
        **dict.fromkeys(OTHER_OUTCOMES, odds["other"]),
    }
    text = "odds of exit this month, contact two to four months ago against none"
    rows = [_row(chapter, "P4", o, 1, text, "log OR", EXPOSURE, f) for o, f in named.items()]
    text = "a contact in every 3 months of a year against none in the first 6"
    risks = counterfactual.contact_risk_differences(start, register.history)
    rows += [
        _row(chapter, "P5", o, 12, text, "pp", "often_against_never", f) for o, f in risks.items()
    ]
    rate = start.world.scenario.contact.log_error_rate_ratio
    text = "administrative errors this month, contact two to four months ago against none"
    return [*rows, _row(chapter, "P6", "admin_errors", 1, text, "log RR", EXPOSURE, rate)]


def _row(
    chapter: str, analysis: str, outcome: str, horizon_months: int, estimand: str, scale: str,
    term: str, estimate: float,
) -> dict[str, Any]:  # fmt: skip
    return {
        "chapter": chapter,
        "analysis": analysis,
        "outcome": outcome,
        "horizon_months": horizon_months,
        "estimand": estimand,
        "scale": scale,
        "term": term,
        "subgroup": "",
        "estimate": round(float(estimate), DIGITS),
    }


def describe(register: Register) -> dict[str, Any]:
    """What happened, before any booking lag: exits by kind, stock by month, returns."""
    clock, spells = register.world.clock, register.spells
    in_window = spells.filter(pl.col("exit_month") >= 0)
    kinds = dict(in_window["kind"].value_counts().iter_rows())
    stock = []
    for t in range(clock.n_months):
        day = pl.lit(clock.date(t).item())
        runs = (pl.col("start") <= day) & (pl.col("end").is_null() | (pl.col("end") > day))
        stock.append(int(spells.select(runs.sum()).item()))
    return {
        "exits": {name: int(kinds.get(i, 0)) for i, name in enumerate(EXIT_KINDS)},
        "stock": {str(clock.month(t)): n for t, n in enumerate(stock)},
        "returned_within_months": _returns(register),
    }


def _returns(register: Register) -> dict[str, dict[int, float]]:
    """Share of exits, with so many months of follow-up, that came back within them."""
    log, n_months = register.history.log, register.world.clock.n_months
    back = pl.DataFrame({k: log["arrivals"][k] for k in ("person", "spell", "month")})
    exits = pl.DataFrame({k: log["exits"][k] for k in ("person", "spell", "kind", "month")})
    exits = exits.filter(pl.col("month") >= -BURN_IN_MONTHS).with_columns(pl.col("spell") + 1)
    gap = exits.join(back, on=["person", "spell"], how="left", suffix="_back").with_columns(
        gap=(pl.col("month_back") - pl.col("month")).fill_null(n_months * 2)
    )
    kinds = {"all": list(range(len(EXIT_KINDS))), "work": [KIND["work"]]}
    shares: dict[str, dict[int, float]] = {}
    for name, chosen in kinds.items():
        for months in (6, 12):
            seen = gap.filter(pl.col("kind").is_in(chosen), pl.col("month") < n_months - months)
            share = float(np.mean(seen["gap"].to_numpy() <= months)) if len(seen) else 0.0
            shares.setdefault(name, {})[months] = round(share, DIGITS)
    return shares
