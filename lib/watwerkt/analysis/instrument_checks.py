"""How far the comparison of a provision carries: overlap, hidden causes, and the naive figure."""

from dataclasses import replace

import numpy as np
import pandas as pd
import polars as pl

from watwerkt.analysis.destination import ALL, is_exit_to
from watwerkt.analysis.evidence import (
    describe_estimates,
    describe_share,
    naive_design,
    not_estimable,
)
from watwerkt.analysis.instruments import (
    HORIZON,
    INSTRUMENT,
    NO_FIGURE,
    NO_SERVICES,
    OUTCOMES,
    SOUND,
    Instruments,
    StartFit,
    judge_start,
    sums_until,
)
from watwerkt.disclosure import Gap, Policy, Protected, protect_estimates, protect_means
from watwerkt.errors import DataError
from watwerkt.estimators.naive import ever_contacted_difference
from watwerkt.estimators.sensitivity import e_value, e_value_of_interval
from watwerkt.estimators.start_balance import largest_difference

CHANCE_BANDS = {"below_half": 0.5, "half_to_1": 1.0, "1_to_2": 2.0, "2_to_4": 4.0, "over_4": np.inf}
EVER = "ever_started"
E_VALUE = replace(
    INSTRUMENT,
    analysis="P10 E-value",
    estimand="risk ratio that something hidden needs to explain the estimate away",
    scale="E-value",
    is_primary=False,
)


def overlap_table(found: Instruments | Gap, policy: Policy) -> Protected | Gap:
    """Per kind: what the comparison group is worth, in rows of equal weight, and how it differs.

    ``share_compared``, of the starts, only where ten or more have nobody like them.
    """
    if isinstance(found, Gap):
        return found
    rows = [
        {
            "service_type": kind,
            "n_persons": fit.effect.n_all_starts,
            "share_compared": 1 - fit.effect.share_trimmed,
            "effective_n": fit.effect.effective_n,
            "difference_after": largest_difference(fit.rows, fit.covariates, fit.effect.weight),
        }
        for kind, fit in found.fits.items()
        if fit.effect is not None
    ]
    if not rows:
        return NO_FIGURE
    table = pd.DataFrame(rows)
    lost = ((1 - table["share_compared"]) * table["n_persons"]).max()
    figures = ["effective_n", "difference_after"]
    figures = ["share_compared", *figures] if lost >= policy.threshold else figures
    table = table[["service_type", "n_persons", *figures]]
    return protect_means(table, figures, policy, by=["service_type"], n_persons="n_persons")


def chance_of_start(found: Instruments | Gap, policy: Policy) -> Protected | Gap:
    """Per kind: how likely a start was, against the mean of the others, of both groups."""
    if isinstance(found, Gap):
        return found
    parts = [_by_chance(kind, fit) for kind, fit in found.fits.items() if fit.effect is not None]
    if not parts:
        return NO_FIGURE
    shares = ["share_started", "share_others"]
    by = [("service_type", "chance_band")]
    return protect_means(
        pd.concat(parts, ignore_index=True), shares, policy, by=by, n_persons="n_persons"
    )


def e_values(found: Instruments | Gap, policy: Policy, conf_level: float) -> Protected | Gap:
    """E-values of the effects after 24 months; ``conf_low`` that of the interval's nearer end."""
    if isinstance(found, Gap):
        return found
    rows = [
        row
        for kind, fit in found.fits.items()
        for outcome in OUTCOMES
        if (row := _e_value(kind, fit, outcome, conf_level)) is not None
    ]
    if not rows:
        return NO_FIGURE
    return protect_estimates(pd.concat(rows, ignore_index=True), policy)


def ever_against_never(
    panel: pl.LazyFrame, services: pl.LazyFrame | None, policy: Policy, conf_level: float
) -> Protected | Gap:
    """Exit within 12 months, ever a provision minus never (pp): immortal time, a ``warning``."""
    if services is None:
        return NO_SERVICES
    started = services.select(
        "person_id", month=pl.col("start_date").dt.truncate("1mo"), n_contacts_month=1
    ).unique()
    months = (
        panel.select(
            "person_id", "spell_id", "month", "months_since_entry", is_exit=is_exit_to(ALL)
        )
        .join(started, on=["person_id", "month"], how="left")
        .with_columns(pl.col("n_contacts_month").fill_null(0))
        .collect()
        .to_pandas()
    )
    design = naive_design(EVER, "pp", 12)
    try:
        tidy = ever_contacted_difference(months).tidy(conf_level).assign(term=EVER)
    except DataError:
        return protect_estimates(not_estimable(design, ALL, EVER, conf_level), policy)
    return protect_estimates(describe_estimates(tidy, design, ALL, conf_level), policy)


def _by_chance(kind: str, fit: StartFit) -> pd.DataFrame:
    assert fit.effect is not None
    starts = fit.effect.is_start
    odds = fit.effect.propensity / (1 - fit.effect.propensity)
    ratio = odds / odds[~starts].mean()
    band = np.searchsorted(list(CHANCE_BANDS.values()), ratio, side="right")
    own, others = (np.bincount(band[is_in], minlength=5)[:5] for is_in in (starts, ~starts))
    return pd.DataFrame(
        {
            "service_type": kind,
            "chance_band": pd.Categorical(list(CHANCE_BANDS), list(CHANCE_BANDS), ordered=True),
            "share_started": own / own.sum(),
            "share_others": others / others.sum(),
            "n_persons": fit.n_starts,
        }
    )


def _e_value(kind: str, fit: StartFit, outcome: str, conf_level: float) -> pd.DataFrame | None:
    sums = sums_until(outcome, [HORIZON])
    if fit.effect is None or judge_start(fit.effect, fit.rows, sums, fit.covariates)[1] != SOUND:
        return None
    try:
        path = fit.effect.combine(100 * sums, [kind])
        log_ratio, error = fit.effect.log_ratio(sums)
    except DataError:
        return None
    ratio = replace(path, estimate=np.array([log_ratio]), std_error=np.array([error]))
    logs = ratio.tidy(conf_level)
    ends = np.exp(logs[["conf_low", "conf_high"]].to_numpy(dtype=float)[0])
    counts = logs[["term", "n_obs", "n_persons", "n_events", "n_clusters"]]
    row = counts.assign(
        estimate=e_value(float(np.exp(log_ratio))), conf_low=e_value_of_interval(*ends)
    )
    return describe_share(row, E_VALUE, outcome, conf_level)
