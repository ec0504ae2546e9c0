"""Do people stay out: exits that last, and who comes back when (P9; a description, no effect).

An exit is the end of a spell within policy: moves, state pension and death are left out, since
whoever moves is no longer seen here, and the others cannot come back. An exit is followed until the
person's next spell begins, or until the window ends. Durations are days / 30.4375.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
import polars as pl

from watwerkt.analysis.destination import ALL, GROUPS, OUTSIDE, UNEXPLAINED, destination_group
from watwerkt.analysis.evidence import Design, describe_share, not_estimable
from watwerkt.analysis.incidence import DAYS_PER_MONTH, Window
from watwerkt.disclosure import (
    Gap,
    Policy,
    Protected,
    protect_curve,
    protect_estimates,
    protect_shares,
)
from watwerkt.disclosure.gap import NO_EXITS, NO_REASON_KNOWN, TOO_FEW
from watwerkt.disclosure.selection import select_rows
from watwerkt.estimators.clustered_shares import share_within
from watwerkt.estimators.survival_curves import aalen_johansen

TERMS = (ALL, *(group for group in GROUPS if group != OUTSIDE))
SUSTAINED_MONTHS = {6: True, 12: True, 18: False}  # horizon → whether it is primary
BACK_MONTHS = {12: True, 24: False}
SHOWN_MONTHS = 24
BACK = "back"
LASTING = Design(
    analysis="P9",
    design="Kaplan-Meier",
    estimand="share of exits within policy after which no new spell began within the horizon",
    scale="share",
    grade=1,
    status="indicative",
    is_primary=True,
    horizon_months=12,
    note="a description, no effect; whoever moved away is not seen to return",
)
RETURNING = replace(
    LASTING,
    estimand="share of exits within policy after which a new spell began within the horizon",
)


def followed_exits(spells: pl.LazyFrame, window: Window) -> pl.DataFrame:
    """One row per exit within policy in the window that could be followed for at least a day.

    ``household`` joins partners, and a person's exits; ``followed_months`` is up to the end of the
    window, ``out_months`` up to the return or that end, ``is_back`` whether a return was seen.
    """
    end, next_start = pl.col("end_date"), pl.col("next_start_date")
    back = next_start.fill_null(window.until) <= window.until
    return (
        add_household(spells)
        .sort("person_id", "start_date")
        .with_columns(
            next_start_date=pl.col("start_date").shift(-1).over("person_id"),
            destination_group=destination_group(),
        )
        .filter(
            end > window.start,
            end < window.until,
            (end <= pl.col("risk_end_date")).fill_null(True),
            pl.col("destination_group") != OUTSIDE,
        )
        .select(
            "person_id",
            "household",
            "destination_group",
            "end_date",
            followed_months=(window.until - end).dt.total_days() / DAYS_PER_MONTH,
            out_months=(pl.min_horizontal(next_start, window.until) - end).dt.total_days()
            / DAYS_PER_MONTH,
            is_back=next_start.is_not_null() & back,
        )
        .sort("person_id", "end_date")
        .collect()
    )


def add_household(spells: pl.LazyFrame) -> pl.LazyFrame:
    """Add ``household``: partners share a benefit, and a person's spells belong together."""
    benefit = pl.coalesce("benefit_id", "person_id")
    first = spells.with_columns(household=pl.col("person_id").min().over(benefit))
    return first.with_columns(pl.col("household").min().over("person_id"))


def sustained_exits(exits: pl.DataFrame, policy: Policy, conf_level: float) -> Protected | Gap:
    """Share of exits that last 6, 12 and 18 months, all and by destination (P9)."""
    return _estimates(exits, LASTING, "sustained_exit", SUSTAINED_MONTHS, policy, conf_level)


def returns(exits: pl.DataFrame, policy: Policy, conf_level: float) -> Protected | Gap:
    """Share of exits followed by a return within 12 and 24 months, all and by destination (P9)."""
    return _estimates(exits, RETURNING, "return", BACK_MONTHS, policy, conf_level)


def after_a_year(shares: Protected | Gap) -> Protected | Gap:
    """The one row of all exits at 12 months, for a sentence; a gap where it is not shown."""
    if isinstance(shares, Gap):
        return shares
    row = select_rows(shares, term=ALL, horizon_months=12)
    return TOO_FEW if row.frame["estimate"].isna().all() else row


def return_curves(exits: pl.DataFrame, policy: Policy, conf_level: float) -> Protected | Gap:
    """Share that is back by months since the exit, by destination; two years at most."""
    curves = [
        _curve(exits, group, conf_level)
        for group in TERMS
        if _of(exits, group)["is_back"].any() and group != ALL
    ]
    if not curves:
        return NO_EXITS if exits.is_empty() else TOO_FEW
    shown = pd.concat(curves, ignore_index=True)
    protected = protect_curve(shown, policy, by=["destination_group"])
    return TOO_FEW if protected.frame.empty else protected


def lasting_work(exits: pl.DataFrame, policy: Policy) -> Protected | Gap:
    """Exits to work that last, of all exits, at least and at most given the unknown reasons.

    Of exits followed for 6, 12 and 18 months. At least: no unknown reason was work. At most: every
    one was.
    """
    is_work, is_unknown = (pl.col("destination_group") == g for g in ("work", UNEXPLAINED))
    lasts = {months: ~is_back_within(months) for months in SUSTAINED_MONTHS}
    rows = [
        exits.filter(pl.col("followed_months") >= months)
        .select(
            horizon_months=pl.lit(months),
            n_exits=pl.len(),
            n_lasting_work=(lasts[months] & is_work).sum(),
            n_lasting_work_or_unknown=(lasts[months] & (is_work | is_unknown)).sum(),
        )
        .filter(pl.col("n_exits") > 0)
        for months in SUSTAINED_MONTHS
    ]
    counts = pl.concat(rows).to_pandas()
    if counts.empty:
        return NO_EXITS if exits.is_empty() else TOO_FEW
    if (exits["destination_group"] == UNEXPLAINED).all():
        return NO_REASON_KNOWN
    shares = {
        "share_at_least": ("n_lasting_work", "n_exits"),
        "share_at_most": ("n_lasting_work_or_unknown", "n_exits"),
    }
    return protect_shares(counts, shares, policy, by=["horizon_months"])


def is_back_within(months: float) -> pl.Expr:
    """Whether an exit was followed by a return within so many months."""
    return pl.col("is_back") & (pl.col("out_months") <= months)


def _of(exits: pl.DataFrame, group: str) -> pl.DataFrame:
    return exits if group == ALL else exits.filter(pl.col("destination_group") == group)


def _estimates(
    exits: pl.DataFrame,
    design: Design,
    outcome: str,
    horizons: dict[int, bool],
    policy: Policy,
    conf_level: float,
) -> Protected | Gap:
    if exits.is_empty():
        return NO_EXITS
    rows = [
        _estimate(
            _of(exits, term),
            term,
            replace(design, horizon_months=months, is_primary=is_primary),
            outcome,
            policy,
            conf_level,
        )
        for months, is_primary in horizons.items()
        for term in TERMS
        if not _of(exits, term).is_empty()
    ]
    return protect_estimates(pd.concat(rows, ignore_index=True), policy)


def _estimate(
    exits: pl.DataFrame, term: str, design: Design, outcome: str, policy: Policy, conf_level: float
) -> pd.DataFrame:
    """One row; not estimable where fewer than the threshold are followed for so long."""
    months = design.horizon_months
    n_followed = exits.filter(~is_back_within(months), pl.col("followed_months") >= months).height
    if n_followed < policy.survival_threshold:
        return not_estimable(design, outcome, term, conf_level)
    found = share_within(exits["out_months"], exits["is_back"], months, exits["household"])
    share = found.complement() if outcome == "sustained_exit" else found
    tidy = share.tidy(conf_level).assign(term=term, n_persons=exits["person_id"].n_unique())
    return describe_share(tidy, design, outcome, conf_level)


def _curve(exits: pl.DataFrame, group: str, conf_level: float) -> pd.DataFrame:
    part = _of(exits, group)
    places = np.where(part["is_back"], BACK, "")
    curve = aalen_johansen(part["out_months"], places).tidy(conf_level)
    curve = curve[curve["time"] <= SHOWN_MONTHS].drop(columns="destination")
    return curve.assign(destination_group=group)
