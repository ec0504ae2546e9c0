"""Where the chain holds people up: who waits at the start of each quarter, and who moves on in it.

Who waits longer than a year is left out: else every queue would grow from the window's start on,
where only new journeys are seen, and the quarters before everybody could have waited a year too.
Only whole quarters. Figures by team need the caseworkers behind them: those who held a client of
the team that quarter. A client is in the team of the last step that was registered.
"""

from datetime import date, timedelta

import pandas as pd
import polars as pl

from watwerkt.analysis.chain import LINK_DAYS, QUEUES, STEPS, find_chain
from watwerkt.analysis.incidence import Window
from watwerkt.disclosure import Gap, Policy, Protected, protect_counts, protect_shares
from watwerkt.disclosure.gap import NO_QUARTERS, NO_TEAMS, TOO_FEW
from watwerkt.disclosure.selection import select_rows

LONG_DAYS = 91  # a long wait: three months
WAIT_DAYS = 365  # counted as waiting at most
MAX_TEAMS = 6  # by team: those with most people waiting
FIRST_DAYS = LINK_DAYS + WAIT_DAYS + 183  # to the first quarter: half a year to come to a step
NOBODY_WAITS = Gap("In these quarters nobody was waiting for a next step.")


def queues(journeys: pl.DataFrame | None, window: Window, threshold: int) -> pl.DataFrame | Gap:
    """One row per journey and whole quarter at whose start it waited for a next step.

    ``quarter, chain_step`` (the furthest then), ``person_id, team_id``, ``is_long`` (three months
    or more since that step) and ``is_moved`` (a next step within the quarter).
    """
    known = find_chain(journeys, threshold)
    if isinstance(known, Gap):
        return known
    first = window.start + timedelta(days=FIRST_DAYS)
    starts = pl.date_range(window.start, window.until, "1mo", eager=True)
    is_whole = starts.dt.offset_by("3mo") <= window.until
    starts = starts.filter((starts.dt.month() % 3 == 1) & (starts >= first) & is_whole)
    if starts.is_empty():
        return NO_QUARTERS
    rows = [_waiting_at(known, quarter) for quarter in starts]
    found = pl.concat(rows)
    return NOBODY_WAITS if found.is_empty() else found


def queue_by_quarter(waiting: pl.DataFrame | Gap, policy: Policy) -> Protected | Gap:
    """Journeys waiting at the start of each quarter, by the step they had taken."""
    if isinstance(waiting, Gap):
        return waiting
    counts = waiting.group_by("quarter", "chain_step").agg(n_waiting=pl.len()).to_pandas()
    return protect_counts(_ordered(counts), ["n_waiting"], policy, by=["quarter", "chain_step"])


def queue_by_step(waiting: pl.DataFrame | Gap, policy: Policy) -> Protected | Gap:
    """At the start of the last quarter: who waits after each step, and who for three months."""
    if isinstance(waiting, Gap):
        return waiting
    counts = (
        _last(waiting)
        .group_by("chain_step")
        .agg(n_waiting=pl.len(), n_long=pl.col("is_long").sum())
    )
    return protect_shares(
        _ordered(counts.to_pandas()),
        {"share_long": ("n_long", "n_waiting")},
        policy,
        by=["chain_step"],
    )


def queue_by_team(
    waiting: pl.DataFrame | Gap, panel: pl.LazyFrame, policy: Policy
) -> Protected | Gap:
    """The same per team: who waits at the start of the last quarter, and who for three months."""
    if isinstance(waiting, Gap):
        return waiting
    counts = (
        _busiest(_last(waiting))
        .group_by("quarter", "team_id", "chain_step")
        .agg(n_waiting=pl.len(), n_long=pl.col("is_long").sum())
        .join(team_caseworkers(panel, "quarter"), on=["quarter", "team_id"])
        .drop("quarter")
    )
    if counts.is_empty():
        return NO_TEAMS
    return protect_shares(
        _ordered(counts.to_pandas()), {"share_long": ("n_long", "n_waiting")}, policy,
        by=["team_id", "chain_step"], n_caseworkers="n_caseworkers",
    )  # fmt: skip


def moved_by_team(
    waiting: pl.DataFrame | Gap, panel: pl.LazyFrame, policy: Policy
) -> Protected | Gap:
    """Throughput: of those waiting before a plan, the share that moved on, per quarter and team."""
    if isinstance(waiting, Gap):
        return waiting
    counts = (
        _busiest(waiting.filter(pl.col("chain_step").is_in(QUEUES[:3])))
        .group_by("quarter", "team_id")
        .agg(n_waiting=pl.len(), n_moved=pl.col("is_moved").sum())
        .join(team_caseworkers(panel, "quarter"), on=["quarter", "team_id"])
    )
    if counts.is_empty():
        return NO_TEAMS
    shares = {"share_moved": ("n_moved", "n_waiting")}
    return protect_shares(
        counts.to_pandas(), shares, policy, by=["quarter", "team_id"],
        n_caseworkers="n_caseworkers",
    )  # fmt: skip


def long_waits_by_team(
    journeys: pl.DataFrame | None, window: Window, panel: pl.LazyFrame, policy: Policy
) -> Protected | Gap:
    """The bottleneck over time: who has waited for three months or more, per month and team."""
    known = find_chain(journeys, policy.threshold)
    if isinstance(known, Gap):
        return known
    first = window.start + timedelta(days=FIRST_DAYS)
    months = pl.date_range(window.start, window.until, "1mo", eager=True, closed="left")
    rows = [_waiting_at(known, month).filter("is_long") for month in months.filter(months >= first)]
    waits = _busiest(pl.concat(rows)) if rows else pl.DataFrame()
    if waits.is_empty():
        return NOBODY_WAITS
    held = team_caseworkers(panel.with_columns(month_held="month"), "month_held")
    counts = (
        waits.group_by("team_id", month="quarter")
        .agg(n_long=pl.len())
        .join(held, left_on=["month", "team_id"], right_on=["month_held", "team_id"])
        .to_pandas()
    )
    if counts.empty:
        return NO_TEAMS
    return protect_counts(
        counts, ["n_long"], policy, by=["month", "team_id"], n_caseworkers="n_caseworkers"
    )


def team_caseworkers(panel: pl.LazyFrame, *by: str) -> pl.DataFrame:
    """Caseworkers who held a client of each team: ``team_id, n_caseworkers``, and ``quarter``."""
    return (
        panel.filter(pl.col("team_id").is_not_null())
        .with_columns(quarter=pl.col("month").dt.truncate("1q"))
        .group_by(*by, "team_id")
        .agg(n_caseworkers=pl.col("caseworker_id").n_unique())
        .collect()
    )


def longest_queue(found: Protected | Gap) -> Protected | Gap:
    """The row in which most people wait for three months or more; a gap where none is shown."""
    if isinstance(found, Gap):
        return found
    rows = found.frame.dropna(subset=["n_long", "share_long"]).astype({"n_long": float})
    if rows.empty:
        return TOO_FEW
    first = rows.sort_values("n_long", ascending=False, kind="stable").iloc[0]
    row = select_rows(found, chain_step=first["chain_step"])
    return select_rows(row, team_id=first["team_id"]) if "team_id" in rows else row


def _waiting_at(journeys: pl.DataFrame, quarter: date) -> pl.DataFrame:
    """Who is on the way on the first day of a quarter, and had not come past the queues yet."""
    start = pl.lit(quarter)
    furthest = _furthest(start)
    since = pl.coalesce(
        *(pl.when(furthest == place).then(pl.col(step)) for place, step in enumerate(QUEUES)),
        "opened_date",
    )
    waited = (start - since).dt.total_days()
    return (
        journeys.filter(pl.col("opened_date") < start, pl.col("end_date") > start)
        .filter(furthest < len(QUEUES), waited <= WAIT_DAYS)
        .select(
            "person_id",
            "team_id",
            quarter=start,
            chain_step=furthest.replace_strict(dict(enumerate(STEPS)), return_dtype=pl.String),
            is_long=waited >= LONG_DAYS,
            is_moved=_furthest(start.dt.offset_by("3mo")) > furthest,
        )
    )


def _busiest(waiting: pl.DataFrame) -> pl.DataFrame:
    """The rows of the teams with most people waiting; more teams than that cannot be read."""
    teams = waiting.drop_nulls("team_id").group_by("team_id").len()
    most = teams.sort("len", "team_id", descending=[True, False]).head(MAX_TEAMS)
    return waiting.join(most, on="team_id", how="semi")


def _last(waiting: pl.DataFrame) -> pl.DataFrame:
    return waiting.filter(pl.col("quarter") == pl.col("quarter").max())


def _furthest(day: pl.Expr) -> pl.Expr:
    """The furthest step taken before ``day``."""
    return pl.max_horizontal(
        pl.when(pl.col(step) < day).then(place).otherwise(0) for place, step in enumerate(STEPS)
    )


def _ordered(counts: pd.DataFrame) -> pd.DataFrame:
    return counts.astype({"chain_step": pd.CategoricalDtype(list(QUEUES), ordered=True)})
