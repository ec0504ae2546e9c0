"""Published shares give the elasticities that are quoted of them, and what weighs how much."""

import numpy as np
import pandas as pd
import pytest

from analysis_panels import EXACT
from shock_worlds import shock_world
from watwerkt.analysis import shock
from watwerkt.analysis.published import OWN, beside_published
from watwerkt.estimators.shock_iv import shock_elasticity

PRINTED = {"abs": 0.005}  # quoted with two decimals


def test_the_trial_of_vienna_gives_the_elasticities_quoted_of_it():
    """250 against 100 clients: hazard ratios 1.23, 1.14 and 1.20 (shares and n of table 3)."""
    rows = beside_published(shock.NO_SHOCKS, EXACT, 0.95).frame.set_index("outcome")
    assert rows["estimate"]["all"] == pytest.approx(-0.23, **PRINTED)
    assert rows["estimate"]["work"] == pytest.approx(-0.15, **PRINTED)
    assert rows["estimate"]["without_work"] == pytest.approx(-0.20, **PRINTED)
    assert rows["n_persons"].tolist() == [12425] * 3  # 12,424, rounded to fives
    assert rows["weight_share"].tolist() == [100] * 3


def test_its_error_is_that_of_the_shares():
    """Drawn again and again from the same shares, the elasticity spreads by its error."""
    rng = np.random.default_rng(0)
    small, usual = rng.binomial(3397, 0.605, 20_000) / 3397, rng.binomial(9027, 0.53, 20_000) / 9027
    drawn = np.log(np.log(1 - small) / np.log(1 - usual)) / np.log(100 / 250)
    rows = beside_published(shock.NO_SHOCKS, EXACT, 0.95).frame.set_index("outcome")
    assert rows["std_error"]["all"] == pytest.approx(drawn.std(), rel=0.03)


def test_the_own_estimate_weighs_by_its_precision_and_only_where_it_has_an_interval():
    fit = shock_elasticity(shock_world(np.random.default_rng(1), 12), 5000)
    fits = {(span, o): fit for span in ("months_0_6", "months_4_9") for o in ("all", "work")}
    own = shock.shown_elasticities(fits, EXACT, 0.95)
    rows = beside_published(own, EXACT, 0.95).frame
    assert (rows["term"] == OWN).sum() == 2
    both = rows[rows["outcome"] == "all"].set_index("term")
    precision = 1 / both["std_error"] ** 2
    shares = pd.Series(both["weight_share"], dtype=float)
    assert shares.sum() == pytest.approx(100, abs=1)
    assert shares[OWN] == pytest.approx(100 * precision[OWN] / precision.sum(), abs=0.51)
