"""Contact history: reached personal contacts in calendar months strictly before the month.

Counted over the person's earlier spells too, by the day of the contact whenever it was registered,
and only while on benefit (``phase`` during): talks before entry and aftercare are no exposure. The
count in the month itself takes every phase, exit talks included; it is for warnings, not analysis.
"""

import polars as pl

from watwerkt.panel.months import month_of
from watwerkt.panel.running import add_latest, place

COUNTED = ["n", "n_phone", "n_in_person", "n_client", "n_no_show"]
LAGS = (1, 2, 4, 5, 7, 13)  # contacts up to and including the month `lag` months earlier
MONTHS_UNTIL_KNOWN = 12  # registration must have begun so long before the month
MONTHS_COLLAPSED = (
    6  # months before it in which the registration of the team may not have collapsed
)


def build_contact_months(contacts: pl.LazyFrame) -> pl.LazyFrame:
    """Sum personal contacts to person × month: in the month, and cumulative with the last month."""
    channel = pl.col("channel")
    exposed = pl.col("is_reached") & (pl.col("phase") == "during")
    kinds = {
        "n_contacts_month": pl.col("is_reached"),
        "n": exposed,
        "n_phone": exposed & (channel == "phone"),
        "n_in_person": exposed & channel.is_in(["in_person", "home_visit"]),
        "n_client": exposed & (pl.col("initiative") == "client"),
        "n_no_show": ~pl.col("is_reached") & (pl.col("phase") == "during"),
    }
    counted = (
        contacts.select("person", month=month_of(pl.col("contact_date")), **kinds)
        .group_by(place=place("person", "month"))
        .agg(pl.col("person", "month").first(), pl.col(*kinds).sum().cast(pl.Int32))
        .sort("place")
        .drop("place")
    )
    return _add_up(counted)


def _add_up(counted: pl.LazyFrame) -> pl.LazyFrame:
    """Cumulate ``COUNTED`` within each person: totals of all, less those of the persons before."""
    is_first = pl.col("person").shift().ne_missing(pl.col("person"))
    total = pl.col(*COUNTED).cum_sum()
    before = pl.when(is_first).then(total - pl.col(*COUNTED)).forward_fill()
    latest = pl.when(pl.col("n") > 0).then("month").forward_fill()
    return counted.with_columns(total - before, latest=latest).select(
        pl.exclude("latest"), last_month=pl.when(pl.col("n") > 0).then("latest")
    )


def add_contact_history(rows: pl.LazyFrame, months: pl.LazyFrame) -> pl.LazyFrame:
    """Add the ``n_contacts_…`` windows and ``months_since_contact`` (1 is last month)."""
    in_month = months.select("person", "month", "n_contacts_month")
    rows = add_latest(rows, in_month, on="month", by="person", at_most=0)
    for lag in LAGS:
        counted = {f"{name}_{lag}": pl.col(name) for name in [*COUNTED, "last_month"]}
        until = months.select("person", month=pl.col("month") + lag, **counted)
        rows = add_latest(rows, until, on="month", by="person")
    windows = {
        "n_contacts_1m": _between("n", 1, 2),
        "n_contacts_3m": _between("n", 1, 4),
        "n_contacts_6m": _between("n", 1, 7),
        "n_contacts_12m": _between("n", 1, 13),
        "n_contacts_lag_2_4": _between("n", 2, 5),
        "n_contacts_phone_3m": _between("n_phone", 1, 4),
        "n_contacts_in_person_3m": _between("n_in_person", 1, 4),
        "n_contacts_client_3m": _between("n_client", 1, 4),
        "n_no_show_3m": _between("n_no_show", 1, 4),
    }
    return rows.with_columns(
        pl.col("n_contacts_month").fill_null(0),
        **windows,
        months_since_contact=pl.col("month") - pl.col("last_month_1"),
    ).drop(f"{name}_{lag}" for lag in LAGS for name in [*COUNTED, "last_month"])


def add_contact_known(
    rows: pl.LazyFrame, first_contact: int | None, collapsed: pl.LazyFrame | None
) -> pl.LazyFrame:
    """Add ``is_contact_known``: whether no recorded contact means that there was none.

    Registration began (``first_contact``, the first month with any) at least twelve months before,
    and in none of the six months before did it collapse in the client's own team of that month.
    Six covers every exposure that is analysed (months 2–4, 3 and 6); asking for twelve would lose
    twice the person-months for ``n_contacts_12m`` alone. ``collapsed``: ``team_id``, ``month``.
    """
    begun = pl.col("month") - MONTHS_UNTIL_KNOWN >= pl.lit(first_contact, pl.Int32)
    if collapsed is None:
        return rows.with_columns(is_contact_known=begun.fill_null(False))
    if "team_id" not in rows.collect_schema().names():  # the municipality is one team
        rows = rows.with_columns(team_id=pl.lit(None, pl.String))
    seen = (
        rows.select("person", "month", "team_id")
        .join(collapsed, on=["team_id", "month"], how="semi", nulls_equal=True)
        .select("person", month=pl.col("month") + 1, last_collapse="month")
        .sort("person", "month")
    )
    is_recent = pl.col("month") - pl.col("last_collapse") <= MONTHS_COLLAPSED
    return (
        add_latest(rows, seen, on="month", by="person")
        .with_columns(is_contact_known=begun.fill_null(False) & ~is_recent.fill_null(False))
        .drop("last_collapse")
    )


def _between(name: str, recent: int, before: int) -> pl.Expr:
    return pl.col(f"{name}_{recent}").fill_null(0) - pl.col(f"{name}_{before}").fill_null(0)
