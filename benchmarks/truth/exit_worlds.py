"""People who leave benefit and come back: exits in a window, each followed to its end.

A share of exits is followed by a return, after a month and an exponential time; partners leave and
come back together. The register may be converted to another suite within the window.
"""

from datetime import date
from functools import partial

import numpy as np
import polars as pl

from watwerkt.analysis.incidence import DAYS_PER_MONTH, Window
from watwerkt.analysis.sustained import LASTING, followed_exits
from watwerkt.cleaning.rule import Context
from watwerkt.cleaning.shared_starts import flag_shared_starts
from watwerkt.estimators.clustered_shares import ClusteredShare, clustered_share, share_within
from worlds import Draw, World, figures

WINDOW = Window(date(2019, 1, 1), date(2024, 1, 1))
DAYS = (WINDOW.until - WINDOW.start).days
RETURNS, FIRST_MONTHS, MEAN_MONTHS = 0.35, 1.0, 9.0
COUPLES, STOCK = 0.12, 0.5  # of benefits; people who stay on benefit, per exit
CLOSED, OPENED = date(2021, 5, 16), date(2021, 7, 1)  # by the old suite, and in the new one
NEVER = date(9999, 1, 1)


def exit_world(rng: np.random.Generator, n_exits: int, is_migrated: bool = False) -> pl.DataFrame:
    """Benefit periods as the cleaned register holds them: one row per person and spell."""
    left = rng.integers(1, DAYS, n_exits)
    began = left - rng.integers(200, 2500, n_exits)
    gap = np.ceil((FIRST_MONTHS + rng.exponential(MEAN_MONTHS, n_exits)) * DAYS_PER_MONTH)
    is_back = rng.random(n_exits) < RETURNS
    couple = rng.random(n_exits) < COUPLES
    n_stay = int(STOCK * n_exits)
    benefit = [f"b{i}" for i in range(n_exits)]
    first = _periods(benefit, began, left)
    again = _periods(benefit, left + gap.astype(int), None).filter(pl.Series(is_back))
    again = again.filter(pl.col("start_date") < WINDOW.until)
    alone = pl.concat([first, again])
    partners = alone.filter(
        pl.col("benefit_id").is_in(first["benefit_id"].filter(pl.Series(couple)))
    )
    partners = partners.with_columns(person_id=pl.col("person_id") + " partner")
    stays = _periods([f"s{i}" for i in range(n_stay)], -rng.integers(1, 2000, n_stay), None)
    periods = pl.concat([alone, partners, stays])
    return _convert(periods) if is_migrated else periods


def draw_exits(seed: int, n_exits: int, is_migrated: bool = False) -> dict[str, Draw]:
    """P9: return within a year and lasting half a year; naive counts all exits as followed up.

    Flagged: rule B11 finds a start that is the register's and no person's.
    """
    periods = exit_world(np.random.default_rng(seed), n_exits, is_migrated)
    context = Context("benefits", {}, WINDOW.until, WINDOW.start, date(2023, 12, 1), 30)
    scheme = periods.with_columns(scheme=pl.lit("PW"), exit_reason=pl.lit(None, pl.String))
    is_flagged = flag_shared_starts(scheme, context).n_rows > 0
    exits = followed_exits(periods.lazy(), WINDOW)
    time, back, household = (exits[c] for c in ("out_months", "is_back", "household"))
    found = {}
    for name, months, lasts in [("returns", 12, False), ("lasting exits", 6, True)]:
        share = share_within(time, back, months, household)
        seen = clustered_share(back & (time <= months), household)
        own, naive = (s.complement() if lasts else s for s in (share, seen))
        more = {"status": LASTING.status, "is_flagged": is_flagged, **_naive(naive)}
        row = own.tidy().assign(p_value=np.nan).iloc[0]
        found[f"P9 {name}"] = figures(row, **more)
    return found


def worlds() -> list[World]:
    """The exits of five years from a town and from a city, and a change of suites."""
    truths = {"P9 returns": _returned(12), "P9 lasting exits": 1 - _returned(6)}
    return [
        World("300 exits", truths, partial(draw_exits, n_exits=300)),
        World("3,000 exits", truths, partial(draw_exits, n_exits=3000)),
        World(
            "converted to another suite, six weeks apart",
            truths,
            partial(draw_exits, n_exits=300, is_migrated=True),
            violates="migration",
        ),
    ]


def _returned(months: float) -> float:
    """Share back within so many months: of whole days, as a register counts them."""
    seen = np.floor(months * DAYS_PER_MONTH) / DAYS_PER_MONTH
    return float(RETURNS * (1 - np.exp(-(seen - FIRST_MONTHS) / MEAN_MONTHS)))


def _periods(benefit: list[str], began: np.ndarray, left: np.ndarray | None) -> pl.DataFrame:
    start, end = pl.lit(WINDOW.start), pl.lit(None, pl.Date)
    frame = pl.DataFrame({"person_id": benefit, "benefit_id": benefit, "began": began})
    if left is not None:
        frame = frame.with_columns(left=pl.Series(left))
        end = start + pl.duration(days="left")
    return frame.select(
        "person_id",
        "benefit_id",
        start_date=start + pl.duration(days="began"),
        end_date=end,
        risk_end_date=pl.lit(None, pl.Date),
        exit_destination=pl.lit("work"),
    )


def _convert(periods: pl.DataFrame) -> pl.DataFrame:
    """Close what runs on the day of the conversion, and open it again weeks later."""
    until = pl.col("end_date").fill_null(NEVER)
    runs = (pl.col("start_date") < CLOSED) & (until > OPENED)
    running = periods.filter(runs)
    old = running.with_columns(end_date=pl.lit(CLOSED))
    new = running.with_columns(start_date=pl.lit(OPENED))
    return pl.concat([periods.filter(~runs), old, new])


def _naive(share: ClusteredShare) -> dict[str, float]:
    row = share.tidy().iloc[0]
    return {
        "naive": row["estimate"],
        "naive_low": row["conf_low"],
        "naive_high": row["conf_high"],
    }
