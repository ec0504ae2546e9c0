"""The traps, on municipalities where nothing has an effect, from delivery to estimate.

Seeds 0-9 of the scenario ``no_effect``: caseloads, contacts, selection of whom to see and talks
about an exit that is coming are as in a real town, and no contact or caseload changes anything.
The naive figures must lie far from zero all the same; the lagged hazard's 95% interval must cover
it in at least 8 of 10 (with true coverage, fewer happens in one run of 85).
"""

from concurrent.futures import ProcessPoolExecutor
from datetime import date
from importlib.resources import files
from multiprocessing import get_context
from pathlib import Path

import pandas as pd
import polars as pl
import pytest

from watwerkt.analysis import caseload_warnings, contact_effect, contact_months, contact_warnings
from watwerkt.cleaning.clean import clean_delivery
from watwerkt.disclosure import read_policy
from watwerkt.intake.about import DeliveryFile
from watwerkt.intake.delivery import Delivery
from watwerkt.panel.build import build_panel
from watwerkt.synthetic.deliver import simulate
from watwerkt.synthetic.scenario import read_scenario

SEEDS = range(10)
AT_LEAST = 8  # intervals that cover zero
N_CLIENTS, N_MONTHS = 1500, 72
FAR = {  # median estimate at least so far from zero, on that side; share of intervals wholly there
    "start_of_month": (-0.8, 0.9),
    "end_of_month": (-0.7, 0.95),
    "within_caseworker": (0.2, 0.2),
    "same_month": (0.9, 0.95),
    "lag_one": (0.6, 0.95),
    "unadjusted_lag": (0.2, 0.95),
    "ever_contacted": (-15.0, 0.9),
}


def read_panel(seed: int) -> pl.LazyFrame:
    """The panel of a town where nothing works."""
    scenario = read_scenario(Path(str(files("watwerkt.synthetic") / "no_effect.yaml")))
    town = simulate(scenario, "GM9901", N_CLIENTS, N_MONTHS, seed, counterfactuals=False)
    about = DeliveryFile(
        schema_version=1,
        executor_id="GM9901",
        municipality_id="GM9901",
        extract_date=date.fromisoformat(town.extract_date),
        first_month=town.first_month,
        last_month=town.last_month,
        mapping="canonical",
        pseudonym="random",
        synthetic=True,
        tables={name: f"{name}.csv" for name in town.tables},
    )
    cleaned = clean_delivery(Delivery(about, town.tables, {}))
    return pl.concat(build_panel(cleaned)).lazy()


def estimate(seed: int) -> pd.DataFrame:
    panel, policy = read_panel(seed), read_policy(is_synthetic=True)
    shown = [
        caseload_warnings.naive_slopes(panel, policy, per="fte", conf_level=0.95),
        contact_warnings.naive_odds(panel, policy, conf_level=0.95),
        contact_warnings.ever_against_never(panel, policy, conf_level=0.95),
        contact_effect.odds_ratios(
            contact_effect.fit_outcomes(
                contact_months.build_months(panel, None), outcomes=("all",)
            ),
            policy,
            conf_level=0.95,
        ),
    ]
    return pd.concat([protected.frame for protected in shown]).assign(seed=seed)


@pytest.fixture(scope="module")
def estimates() -> pd.DataFrame:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        return pd.concat(pool.map(estimate, SEEDS))


@pytest.mark.e2e
@pytest.mark.parametrize("term", FAR)
def test_a_naive_figure_lies_far_from_zero_and_says_so(estimates, term):
    bound, share = FAR[term]
    naive = estimates[estimates["term"] == term]
    assert len(naive) == len(SEEDS)
    assert (naive["status"] == "warning").all()
    side = 1 if bound > 0 else -1
    assert side * naive["estimate"].median() > abs(bound)
    is_beyond = side * naive[["conf_low", "conf_high"]].to_numpy() > 0
    assert is_beyond.all(axis=1).mean() >= share


@pytest.mark.e2e
def test_the_lagged_hazard_covers_the_truth(estimates):
    lagged = estimates[(estimates["analysis"] == "P4")]
    assert len(lagged) == len(SEEDS)
    covers = (lagged["conf_low"] <= 0) & (lagged["conf_high"] >= 0)
    assert covers.sum() >= AT_LEAST
