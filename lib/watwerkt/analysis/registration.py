"""How well contacts are registered: per team and month, never per caseworker."""

from collections.abc import Sequence

import pandas as pd
import polars as pl

from watwerkt.analysis.destination import STAY
from watwerkt.cleaning.assignments import look_up_caseworker
from watwerkt.codebook import UNKNOWN
from watwerkt.disclosure import Gap, Policy, Protected, protect_means, protect_shares
from watwerkt.disclosure.gap import NO_CONTACTS, NO_TEAMS
from watwerkt.disclosure.selection import select_rows
from watwerkt.panel.prepared import Prepared

TEAM_MONTH = ["team_id", "month"]
FLAWS = ("late", "outside", "exit_month", "no_caseworker", "no_channel", "no_outcome")
OF_TEAMS = ("late", "outside", "exit_month", "no_channel")
MONTHS_A_YEAR = 12
LOW_SHARE = 0.5
MOST_TEAMS = 20


def contacts_by_team_month(panel: pl.LazyFrame, policy: Policy) -> Protected | Gap:
    """Personal contacts per 100 clients, per team and month; of many teams the least even ones.

    Least even: with the most months of less than half of the team's own median.
    """
    figures = {"contacts_per_100": _contacts_per_100()}
    found = _team_means(panel, policy, TEAM_MONTH, figures)
    if isinstance(found, Gap):
        return found
    rates = found.frame.set_index("team_id")["contacts_per_100"]
    low = rates.fillna(0) < LOW_SHARE * rates.groupby(level=0).transform("median")
    return _most(found, low.groupby(level=0).sum())


def contacts_by_team(
    panel: pl.LazyFrame, registration: pl.LazyFrame | None, policy: Policy
) -> Protected | Gap:
    """Per team: personal contacts, clients without any in a month, months that collapsed (C05)."""
    if registration is None:
        return NO_CONTACTS
    collapsed = (
        registration.group_by("team_id")
        .agg(collapsed_months_year=MONTHS_A_YEAR * pl.col("is_collapsed").mean())
        .collect()
    )
    figures = {
        "contacts_per_100": _contacts_per_100(),
        "share_without": (pl.col("n_contacts_month").fill_null(0) == 0).mean(),
        "known_months_share": pl.col("is_contact_known").mean(),
    }
    return _team_means(panel, policy, ["team_id"], figures, collapsed)


def flaws_by_year(prepared: Prepared, policy: Policy) -> Protected | Gap:
    """Share of contacts per year with each flaw; one that cannot be told has no rows.

    ``outside``: before or after the benefit (C03); ``exit_month``: in the month in which the client
    left. Both are sound contacts that say nothing of what came before leaving.
    """
    contacts = _judged(prepared)
    if contacts is None:
        return NO_CONTACTS
    year = pl.col("contact_date").dt.year()
    counts = _count(contacts.with_columns(year=year), "year", FLAWS)
    return _shares(counts, "year", policy) if counts.height else NO_CONTACTS


def flaws_by_team(prepared: Prepared, policy: Policy) -> Protected | Gap:
    """The same per team of the caseworker; of many teams those with the most of any flaw.

    Teams of fewer caseworkers than the policy's minimum are left out.
    """
    contacts, caseworkers = _judged(prepared), prepared.table("caseworkers")
    if contacts is None:
        return NO_CONTACTS
    if caseworkers is None or "team_id" not in caseworkers.collect_schema().names():
        return NO_TEAMS
    months = contacts.select("caseworker_id", "month").unique().drop_nulls().collect()
    teams = months.with_columns(
        look_up_caseworker(months, "month", caseworkers.collect(), "team_id")
    ).drop_nulls()
    of_team = contacts.join(teams.lazy(), on=["caseworker_id", "month"])
    counts = _count(of_team, "team_id", OF_TEAMS)
    counts = counts.filter(pl.col("n_caseworkers") >= policy.min_caseworkers)
    if counts.is_empty():
        return NO_TEAMS
    found = _shares(counts, "team_id", policy)
    return _most(found, found.frame.groupby("team_id")["share_flawed"].max())


def _team_means(
    panel: pl.LazyFrame,
    policy: Policy,
    by: list[str],
    figures: dict[str, pl.Expr],
    more: pl.DataFrame | None = None,
) -> Protected | Gap:
    persons = pl.len() if "month" in by else pl.col("person_id").n_unique()
    behind = {"n_persons": persons, "n_caseworkers": pl.col("caseworker_id").n_unique()}
    if not panel.select(pl.col("n_contacts_month").count()).collect().item():
        return NO_CONTACTS
    in_team = panel.filter(pl.col("team_id").is_not_null())
    teams = in_team.group_by(by).agg(**figures, **behind).sort(by).collect()
    if teams.is_empty():
        return NO_TEAMS
    if more is not None:
        teams = teams.join(more, on="team_id", how="left")
    means = [name for name in teams.columns if name not in {*by, *behind}]
    return protect_means(
        teams.to_pandas(),
        means,
        policy,
        by=by,
        n_persons="n_persons",
        n_caseworkers="n_caseworkers",
    )


def _contacts_per_100() -> pl.Expr:
    return 100 * pl.col("n_contacts_month").mean()


def _most(found: Protected, score: pd.Series) -> Protected:
    """The teams of the highest score, as many as can be read, in the order of their names."""
    ranked = score.fillna(-1).sort_values(ascending=False, kind="stable")
    return select_rows(found, team_id=sorted(ranked.index[:MOST_TEAMS]))


def _judged(prepared: Prepared) -> pl.LazyFrame | None:
    """Contacts within the months observed with, per flaw, whether they have it."""
    contacts = prepared.table("contacts")
    if contacts is None:
        return None
    names = contacts.collect_schema().names()
    exits = prepared.panel.filter(pl.col("exit_destination") != STAY)
    first = pl.lit(f"{prepared.about['first_month']}-01").str.to_date()
    day = pl.col("contact_date")
    return (
        contacts.filter(day >= first, day.dt.month_end() <= prepared.observed_until)
        .with_columns(
            month=day.dt.month_start(),
            caseworker_id=pl.col("caseworker_id") if "caseworker_id" in names else None,
        )
        .join(exits.select("person_id", "month", left=True), on=["person_id", "month"], how="left")
        .with_columns(**_find_flaws(names))
    )


def _find_flaws(names: Sequence[str]) -> dict[str, pl.Expr]:
    """Per flaw whether a contact has it, from the columns there are; null: it cannot be told."""
    unknown = pl.lit(None, pl.Boolean)
    is_silent = pl.col("is_personal") & pl.col("is_reached").is_null()
    return {
        "late": pl.col("is_late") if "registered_date" in names else unknown,
        "outside": pl.col("phase") != "during",
        "exit_month": pl.col("left").fill_null(False),
        "no_caseworker": pl.col("caseworker_id").is_null() if "caseworker_id" in names else unknown,
        "no_channel": pl.col("channel") == UNKNOWN,
        "no_outcome": unknown if "is_reach_assumed" in names else is_silent,
    }


def _count(contacts: pl.LazyFrame, by: str, flaws: Sequence[str]) -> pl.DataFrame:
    """``by, flaw, n_flawed_contacts, n_contacts`` and the persons and caseworkers behind a row."""
    behind = ["n_contacts", "n_persons", "n_caseworkers"]
    return (
        contacts.group_by(by)
        .agg(
            n_contacts=pl.len(),
            n_persons=pl.col("person_id").n_unique(),
            n_caseworkers=pl.col("caseworker_id").n_unique(),
            **{name: pl.when(pl.col(name).count() > 0).then(pl.col(name).sum()) for name in flaws},
        )
        .unpivot(
            index=[by, *behind], on=flaws, variable_name="flaw", value_name="n_flawed_contacts"
        )
        .drop_nulls()
        .sort("flaw", by)
        .collect()
    )


def _shares(counts: pl.DataFrame, by: str, policy: Policy) -> Protected:
    """Of register records, so that "none" may be said; by team its caseworkers are declared."""
    of_team = by == "team_id"
    table = (counts if of_team else counts.drop("n_caseworkers")).to_pandas()
    order = pd.CategoricalDtype(
        [name for name in FLAWS if name in set(counts["flaw"])], ordered=True
    )
    return protect_shares(
        table.astype({"flaw": order}),
        {"share_flawed": ("n_flawed_contacts", "n_contacts")},
        policy,
        by=[("flaw", by)],
        n_persons="n_persons",
        n_caseworkers="n_caseworkers" if of_team else None,
        of="records",
    )
