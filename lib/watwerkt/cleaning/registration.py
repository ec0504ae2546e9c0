"""Rule C05: team-months in which the registration of contacts collapsed.

A contact belongs to the team of its caseworker, else to that of the client's. Where no teams are
known the municipality is one team, without ``team_id``.
"""

from collections.abc import Iterator
from datetime import date

import polars as pl

from watwerkt.cleaning.assignments import look_up_caseworker
from watwerkt.cleaning.rule import Context, RuleResult

COLLAPSED_SHARE = 0.2  # of the contacts that the team usually registers for so many clients
MIN_EXPECTED = 20.0  # fewer contacts than this may stay away by chance
TEAM_MONTH = ["team_id", "month"]
PERIOD = ["person_id", "start_date", "end_date"]


def flag_collapsed_registration(frame: pl.DataFrame, context: Context) -> RuleResult:
    """A team-month with less than a fifth of the team's usual contacts is missing, not zero.

    ``n_rows`` are team-months. Makes the table ``registration``.
    """
    contacts = _count_contacts(frame, context)
    clients = _count_clients(contacts, context)
    registration = (
        clients.join(contacts, on=TEAM_MONTH, how="left", nulls_equal=True)
        .with_columns(pl.col("n_contacts").fill_null(0))
        .with_columns(is_collapsed=is_collapsed())
        .select(*TEAM_MONTH, "n_contacts", "n_clients", "is_collapsed")
        .sort(TEAM_MONTH)
    )
    n_rows = int(registration["is_collapsed"].sum())
    return RuleResult(frame, n_rows, derived={"registration": registration})


def is_collapsed() -> pl.Expr:
    """Whether ``n_contacts`` of ``n_clients`` in a month of ``team_id`` is far below the usual.

    Usual: the team's median of contacts per client over the months in which it registered any.
    """
    per_client = pl.when(pl.col("n_contacts") > 0).then(pl.col("n_contacts") / pl.col("n_clients"))
    expected = pl.col("n_clients") * per_client.median().over("team_id")
    fell = (expected >= MIN_EXPECTED) & (pl.col("n_contacts") < COLLAPSED_SHARE * expected)
    return fell.fill_null(False)


def _full_months(context: Context) -> pl.Series:
    """The months delivered that had ended by the extract date."""
    months = pl.date_range(context.first_month, context.last_month, "1mo", eager=True)
    ended = months.dt.month_end() <= context.extract_date
    return months.filter(ended).alias("month")


def _count_contacts(contacts: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Contacts per team and month of contact."""
    month = pl.col("contact_date").dt.month_start()
    dated = contacts.select("person_id", "caseworker_id", month=month).filter(
        pl.col("month").is_in(_full_months(context).implode())
    )
    by_caseworker = dated.group_by("caseworker_id", "month").agg(n_contacts=pl.len())
    by_caseworker = by_caseworker.with_columns(_teams(by_caseworker, context))
    teamless = by_caseworker.filter(pl.col("team_id").is_null())
    others = dated.join(teamless, on=["caseworker_id", "month"], how="semi", nulls_equal=True)
    by_client = _add_client_team(others, context).group_by(TEAM_MONTH).agg(n_contacts=pl.len())
    return (
        pl.concat(
            [
                by_caseworker.filter(pl.col("team_id").is_not_null()).select(
                    *TEAM_MONTH, "n_contacts"
                ),
                by_client,
            ]
        )
        .group_by(TEAM_MONTH)
        .agg(pl.col("n_contacts").sum().cast(pl.Int64))
    )


def _add_client_team(contacts: pl.DataFrame, context: Context) -> pl.DataFrame:
    """The team of the caseworker whom the client was assigned to last by the start of the month."""
    if "assignments" not in context.tables:
        return contacts.with_columns(team_id=pl.lit(None, pl.String))
    begun = context.tables["assignments"].select("person_id", "start_date", "caseworker_id")
    assigned = (
        contacts.select("person_id", "month")
        .sort("month")
        .join_asof(
            begun.sort("start_date", "caseworker_id"),
            left_on="month",
            right_on="start_date",
            by="person_id",
            check_sortedness=False,
        )
    )
    return assigned.with_columns(_teams(assigned, context))


def _count_clients(contacts: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Clients per team on the first day of each month: those assigned to its caseworkers.

    Without assignments, everyone on benefit stands beside each team.
    """
    counted = pl.col("person").n_unique().cast(pl.Int64).alias("n_clients")
    if "assignments" in context.tables:
        held = context.tables["assignments"]
        teams = _team_by_month(held["caseworker_id"].unique(), context)
        return pl.concat(
            running.join(teams[month], on="caseworker_id", nulls_equal=True)
            .group_by("team_id")
            .agg(pl.lit(month).alias("month"), counted)
            for month, running in _running_by_month(held, context)
        )
    spells = context.tables["benefits"].filter(pl.col("spell_id").is_not_null())
    everyone = pl.concat(
        running.select(pl.lit(month).alias("month"), counted)
        for month, running in _running_by_month(spells.with_columns(caseworker_id=None), context)
    )
    everyone = everyone.filter(pl.col("n_clients") > 0)
    return everyone.join(contacts.select("team_id").unique(), how="cross")


def _running_by_month(
    periods: pl.DataFrame, context: Context
) -> Iterator[tuple[date, pl.DataFrame]]:
    """The periods that cover the first day of each month: ``caseworker_id``, ``person`` a number.

    One month at a time: a city's months at once would be the most that cleaning holds.
    """
    months = _full_months(context)
    placed = periods.select(
        "caseworker_id",
        person=pl.col("person_id").cast(pl.Categorical).to_physical(),
        first=months.search_sorted(periods["start_date"]),
        until=months.search_sorted(periods["end_date"].fill_null(context.extract_date)),
    )
    for place, month in enumerate(months):
        yield month, placed.filter((pl.col("first") <= place) & (pl.col("until") > place))


def _team_by_month(caseworkers: pl.Series, context: Context) -> dict[date, pl.DataFrame]:
    """The team of each caseworker on the first day of each month."""
    desks = caseworkers.to_frame().join(_full_months(context).to_frame(), how="cross")
    placed = desks.with_columns(_teams(desks, context))
    return {
        month: placed.filter(pl.col("month") == month).drop("month")
        for month in _full_months(context)
    }


def _teams(rows: pl.DataFrame, context: Context) -> pl.Series:
    """The team of each row's caseworker on the first day of the month; missing where unknown."""
    if "caseworkers" not in context.tables:
        return pl.Series("team_id", [None] * rows.height, pl.String)
    return look_up_caseworker(rows, "month", context.tables["caseworkers"], "team_id")
