"""What trials and provisions could detect, from numbers of people and assumed outflow alone."""

from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl

from watwerkt.analysis.blind import Outflow
from watwerkt.analysis.trial_rows import Trial, find_trials
from watwerkt.estimators.power import mde, mde_proportions
from watwerkt.panel.prepared import Prepared

DAYS_A_MONTH = 30.4375
HALF = 0.5  # of the applicants come on benefit: the share at which least is seen
HORIZONS = (12, 24)
Key = tuple[str, str, int]


def trial_mdes(
    prepared: Prepared, control_arm: str, outflow: Outflow, threshold: int
) -> dict[Key, float]:
    """MDE per primary estimate of P3, P7, P8 and P10: that of the arm or kind seen best.

    Of people who were drawn one by one; of teams and caseworkers that were drawn it depends on how
    alike their clients are, which only outcomes tell, so there is none. Nothing with fewer than
    ``threshold`` people. P10 is as if its starts had been drawn: at best.
    """
    found: dict[Key, float] = {}
    for key, value in [
        *_of_trials(find_trials(prepared, control_arm), outflow, threshold),
        *_of_provisions(prepared, outflow, threshold),
    ]:
        found[key] = min(value, found.get(key, np.inf))
    return found


def spread_of_days(outflow: Outflow, months: int, share_on_benefit: float = 1.0) -> float:
    """Standard deviation of days on benefit within so many months, leaving at a constant rate.

    ``share_on_benefit`` come on benefit at all, the others have no days.
    """
    rate = -np.log1p(-outflow.month_share) / DAYS_A_MONTH
    end = months * DAYS_A_MONTH
    stays = np.exp(-rate * end)
    mean = (1 - stays) / rate
    square = 2 * (1 - stays * (1 + rate * end)) / rate**2
    return float(np.sqrt(share_on_benefit * square - (share_on_benefit * mean) ** 2))


def _of_trials(
    trials: Sequence[Trial], outflow: Outflow, threshold: int
) -> Iterator[tuple[Key, float]]:
    for trial in trials:
        sizes = trial.rows.groupby("arm").size()
        for arm in trial.arms:
            n = int(sizes[arm]), int(sizes[trial.control])
            if min(n) < threshold:
                continue
            if trial.unit == "application":
                yield from _prevention(n, outflow)
            elif trial.mechanism.unit == "person":
                yield from _people(n, outflow)


def _people(n: tuple[int, int], outflow: Outflow) -> Iterator[tuple[Key, float]]:
    for months in HORIZONS:
        left = 1 - (1 - outflow.month_share) ** months
        yield ("P7", "all", months), 100 * mde_proportions(*n, left)
        yield ("P7", "work", months), 100 * mde_proportions(*n, left * outflow.work_share)
        yield ("P7", "benefit_days", months), _days(n, spread_of_days(outflow, months))


def _prevention(n: tuple[int, int], outflow: Outflow) -> Iterator[tuple[Key, float]]:
    yield ("P8", "entry", 6), 100 * mde_proportions(*n, HALF)
    yield ("P8", "benefit_days", 24), _days(n, spread_of_days(outflow, 24, HALF))


def _of_provisions(
    prepared: Prepared, outflow: Outflow, threshold: int
) -> Iterator[tuple[Key, float]]:
    services = prepared.table("services")
    if services is None:
        return
    people = prepared.spells.select(pl.col("person_id").n_unique()).collect().item()
    starts = services.group_by("type").agg(n=pl.col("person_id").n_unique()).collect()
    for n in starts["n"].to_list():
        if min(n, people - n) < threshold:
            continue
        for months in HORIZONS:
            left = 1 - (1 - outflow.month_share) ** months
            yield ("P10", "all", months), 100 * mde_proportions(n, people - n, left)
            share = left * outflow.work_share
            yield ("P10", "work", months), 100 * mde_proportions(n, people - n, share)


def _days(n: tuple[int, int], spread: float) -> float:
    return mde(spread * float(np.sqrt(1 / n[0] + 1 / n[1])))
