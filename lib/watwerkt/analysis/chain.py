"""Journeys through the re-integration chain: one per spell, from the application to aftercare.

A journey is opened by an application or by the start of benefit, whichever came first, and by an
application that led to no benefit. It ends when the person leaves benefit; a placement and
aftercare may follow until six months later, or until the next journey. The end of the spell says
when somebody left, not the step ``exit``, which says the same where it is registered.
"""

from datetime import timedelta

import polars as pl

from watwerkt.analysis.incidence import Window
from watwerkt.codebook import labels
from watwerkt.disclosure import Gap, Protected

STEPS = ("application", "intake", "diagnosis", "plan", "service", "placement", "aftercare")
QUEUES = STEPS[:5]  # after which somebody waits for a next step
OUT = STEPS[5:]  # steps that may come after benefit has ended
LINK_DAYS = 92  # between an application and the start of its benefit
LATE_DAYS = 56  # an application may be registered so long after the start (Awb 4:13: eight weeks)
AFTER_DAYS = 183  # a placement and aftercare are looked for so long after benefit ended
NO_CHAIN = Gap("Not delivered: the steps of the re-integration chain.")
HARDLY_ANY = Gap("Hardly any step of the re-integration chain was registered in these months.")


def build_journeys(
    events: pl.LazyFrame | None,
    spells: pl.LazyFrame,
    applications: pl.LazyFrame | None,
    window: Window,
) -> pl.DataFrame | None:
    """One row per journey opened in the window; None where no steps were delivered.

    ``journey, person_id, team_id`` (of what was registered last), ``opened_date``,
    ``is_benefit`` whether benefit began; ``end_date`` when benefit
    ended or was last seen, ``is_left`` whether it ended; ``followed_date``, ``is_followed`` the
    same for what may come after benefit; a date column per step, its first day in the journey;
    ``furthest``, the place in ``STEPS`` of the furthest step. The first three months of the window
    are left out: the application may lie before it.
    """
    if events is None:
        return None
    events = events.filter(pl.col("event_date") < window.until)
    asked = events.filter(pl.col("step") == "application").select(
        "person_id", application="event_date"
    )
    known = spells.filter(pl.col("start_date") < window.until)
    opened = pl.concat(
        [_of_spells(known, asked), _of_nothing(known, asked, applications, window)]
    ).sort("person_id", "opened_date", "end_date", nulls_last=True)
    opened = _add_ends(opened, window).with_row_index("journey")
    first_day = window.start + timedelta(days=LINK_DAYS)
    return (
        _add_steps(opened, events)
        .filter(pl.col("opened_date") >= first_day, ~pl.col("is_left_censored"))
        .drop("is_left_censored")
        .sort("journey")
        .collect()
    )


def find_chain(journeys: pl.DataFrame | None, threshold: int) -> pl.DataFrame | Gap:
    """The journeys, or why they tell nothing: not delivered, or hardly any step was registered.

    ``threshold``: as many journeys at least must have come further than their application.
    """
    if journeys is None:
        return NO_CHAIN
    n_further = journeys.filter(pl.col("furthest") > 0).height
    return HARDLY_ANY if n_further < threshold else journeys


def step_name(row: Protected | Gap, language: str) -> str:
    """What the step of a protected row is called, for a sentence; nothing for a gap."""
    if isinstance(row, Gap):
        return ""
    return labels("chain_step", language)[str(row.frame["chain_step"].iloc[0])]


def end_of(step: str) -> tuple[pl.Expr, pl.Expr]:
    """Until when a journey that came as far as ``step`` is seen, and whether it ended there."""
    if step in OUT:
        return pl.col("followed_date"), pl.col("is_followed")
    return pl.col("end_date"), pl.col("is_left")


def _of_spells(spells: pl.LazyFrame, asked: pl.LazyFrame) -> pl.LazyFrame:
    """A journey per spell, with the application nearest to its start."""
    gap = (pl.col("application") - pl.col("start_date")).dt.total_days()
    nearest = (
        spells.select("person_id", "spell_id", "start_date")
        .join(asked, on="person_id")
        .filter(gap.is_between(-LINK_DAYS, LATE_DAYS))
        .sort("person_id", "spell_id", gap.abs(), "application")
        .group_by("spell_id", maintain_order=True)
        .agg(pl.col("application").first())
    )
    return spells.join(nearest, on="spell_id", how="left").select(
        "person_id",
        "application",
        opened_date=pl.min_horizontal("application", "start_date"),
        end_date=pl.min_horizontal("end_date", "risk_end_date"),
        is_benefit=pl.lit(True),
        is_left_censored=pl.col("is_left_censored"),
    )


def _of_nothing(
    spells: pl.LazyFrame,
    asked: pl.LazyFrame,
    applications: pl.LazyFrame | None,
    window: Window,
) -> pl.LazyFrame:
    """A journey per application without benefit: over by its decision, or after three months."""
    day, start = pl.col("application"), pl.col("start_date")
    until = pl.col("end_date").fill_null(window.until)
    taken = (
        asked.join(spells.select("person_id", "start_date", "end_date"), on="person_id")
        .filter(day >= start - pl.duration(days=LINK_DAYS), day < pl.max_horizontal(until, start))
        .select("person_id", "application")
    )
    free = asked.join(taken, on=["person_id", "application"], how="anti").unique()
    end = day + pl.duration(days=LINK_DAYS)
    if applications is not None and "decision_date" in applications.collect_schema().names():
        decided = applications.group_by("person_id", application="application_date").agg(
            pl.col("decision_date").max()
        )
        free = free.join(decided, on=["person_id", "application"], how="left")
        end = pl.min_horizontal("decision_date", end)
    return free.select(
        "person_id",
        "application",
        opened_date=day,
        end_date=end,
        is_benefit=pl.lit(False),
        is_left_censored=pl.lit(False),
    )


def _add_ends(opened: pl.LazyFrame, window: Window) -> pl.LazyFrame:
    """When benefit ended or was last seen, and until when what comes after it is looked for."""
    until = pl.lit(window.until)
    following = pl.col("opened_date").shift(-1).over("person_id")
    after = pl.col("end_date") + pl.duration(days=AFTER_DAYS)
    followed = pl.min_horizontal(after, following, until)
    return opened.with_columns(
        end_date=pl.min_horizontal("end_date", until),
        is_left=(pl.col("end_date") < until).fill_null(False),
        followed_date=followed,
        is_followed=followed < until,
    )


def _add_steps(opened: pl.LazyFrame, events: pl.LazyFrame) -> pl.LazyFrame:
    """The first day of each step in the journey it belongs to: the last that was opened by then."""
    team = pl.col("team_id") if "team_id" in events.collect_schema().names() else pl.lit(None)
    day = pl.col("event_date")
    steps = (
        events.select("person_id", "step", "event_date", team_id=team.cast(pl.String))
        .sort("event_date", "step")
        .join_asof(
            opened.select("person_id", "journey", "opened_date", "end_date", "followed_date").sort(
                "opened_date", "journey"
            ),
            left_on="event_date",
            right_on="opened_date",
            by="person_id",
            check_sortedness=False,
        )
        .filter(
            day <= pl.when(pl.col("step").is_in(OUT)).then("followed_date").otherwise("end_date")
        )
        .group_by("journey")
        .agg(
            pl.col("team_id").drop_nulls().last(),
            *(day.filter(pl.col("step") == step).min().alias(step) for step in STEPS[1:]),
        )
    )
    places = [
        pl.when(pl.col(step).is_not_null()).then(place).otherwise(0)
        for place, step in enumerate(STEPS)
    ]
    return opened.join(steps, on="journey", how="left").with_columns(
        furthest=pl.max_horizontal(places)
    )
