"""Who gets contact, who gets a provision, and who is missed: the stock, group by group.

Of people a year or longer on benefit, so that every one of them could have been reached; those of
whom no contact on record may mean that none was written down are left out. *Missed*: not spoken to
in twelve months, and far from work (step 1 or 2 of the ladder).
"""

from collections.abc import Sequence

import pandas as pd
import polars as pl

from watwerkt.analysis.contact import past_contacts
from watwerkt.analysis.group_traits import DIVISIONS, LEVELS, NO_GROUPS, add_groups, column
from watwerkt.analysis.instruments import NO_SERVICES
from watwerkt.codebook import UNKNOWN
from watwerkt.disclosure import Gap, Policy, Protected, protect_shares
from watwerkt.disclosure.gap import NO_CONTACTS, NO_MONTHS
from watwerkt.disclosure.selection import join_rows, select_rows

YEAR = 12  # months
KINDS = ("contact_3m", "contact_12m", "service_12m", "neither_12m")
YEARLY = ("contact_12m", "service_12m")
MISSED = "missed"
FAR = "far"
ORDER = pd.CategoricalDtype([*KINDS, MISSED], ordered=True)
SHARE = {"share_covered": ("n_covered", "n_clients")}
NO_STEPS = Gap(
    "Not delivered: the distance to the labour market, so that who is missed is unknown."
)


def build_reached(
    panel: pl.LazyFrame, services: pl.LazyFrame | None, divisions: Sequence[str]
) -> pl.DataFrame:
    """One row per person of the last month, a year or longer on benefit; restricted.

    Groups as in that month; a flag per kind of reach, null where it was not delivered:
    ``contact_3m, contact_12m, service_12m`` (ran or started in the twelve months before the last
    month), ``neither_12m``, and ``missed`` (null where the step is not known).
    """
    month = pl.col("month")
    last = add_groups(panel.filter(month == month.max()), divisions)
    people = (
        last.filter(pl.col("months_since_entry") >= YEAR)
        .select("person_id", "month", *map(column, divisions), distance=DIVISIONS["distance"])
        .collect()
        .join(past_contacts(panel).drop("month", "months_since_entry"), on="person_id", how="left")
    )
    is_known = (pl.col("is_past_known") & pl.col("is_contact_known")).fill_null(False)
    asked = people.filter(is_known) if people.select(is_known.any()).item() else people
    known = pl.when(is_known)
    served = _served(asked, services)
    return asked.with_columns(
        contact_3m=known.then(pl.col("n_contacts_3m") > 0),
        contact_12m=known.then(pl.col("n_contacts_12m") > 0),
        service_12m=pl.lit(None, pl.Boolean) if served is None else served,
    ).with_columns(
        neither_12m=_where_known(~pl.col("contact_12m") & ~pl.col("service_12m"), *YEARLY),
        missed=_where_known(
            ~pl.col("contact_12m") & (pl.col("distance") == FAR), "contact_12m", "distance"
        ),
    )


def _where_known(flag: pl.Expr, *names: str) -> pl.Expr:
    """Null where any of these is: half of what is asked is no answer, even where it is no."""
    return pl.when(pl.all_horizontal(pl.col(*names).is_not_null())).then(flag)


def overall(reached: pl.DataFrame, policy: Policy) -> Protected | Gap:
    """Of everybody: the share that was reached, per kind (``reach``), and that is missed."""
    asked = [kind for kind in (*KINDS, MISSED) if reached[kind].is_not_null().any()]
    if not asked:
        return NO_MONTHS if reached.is_empty() else NO_CONTACTS
    rows = pd.DataFrame(
        {
            "reach": kind,
            "n_covered": int(reached[kind].sum()),
            "n_clients": int(reached[kind].count()),
        }
        for kind in asked
    )
    return protect_shares(rows.astype({"reach": ORDER}), SHARE, policy, by=["reach"])


def coverage(
    reached: pl.DataFrame, described: Sequence[str], shown: Sequence[str], policy: Policy
) -> Protected | Gap:
    """Share of each group that was spoken to, and that had a provision, in the past year."""
    return _by_group(reached, [n for n in shown if n in described], YEARLY, policy)


def neither(reached: pl.DataFrame, described: Sequence[str], policy: Policy) -> Protected | Gap:
    """Share of each group that was neither spoken to nor had a provision in the past year."""
    return _by_group(reached, described, ["neither_12m"], policy)


def missed(reached: pl.DataFrame, described: Sequence[str], policy: Policy) -> Protected | Gap:
    """Share of each group, of those whose step is known, that is missed."""
    has_contacts = reached["contact_12m"].is_not_null().any()
    if has_contacts and reached["missed"].is_null().all():
        return NO_STEPS
    return _by_group(reached, [n for n in described if n != "distance"], [MISSED], policy)


def _by_group(
    reached: pl.DataFrame, divisions: Sequence[str], kinds: Sequence[str], policy: Policy
) -> Protected | Gap:
    """The shares, per kind (``reach``).

    Each division is protected with its total and with those of unknown group, which are not shown,
    so that what is hidden in one group cannot be found from the others.
    """
    if reached.is_empty():
        return NO_MONTHS
    if not divisions:
        return NO_GROUPS
    asked = [kind for kind in kinds if reached[kind].is_not_null().any()]
    if not asked:
        return NO_CONTACTS if reached["contact_12m"].is_null().all() else NO_SERVICES
    parts = [_protect(reached, name, kind, policy) for name in divisions for kind in asked]
    return select_rows(join_rows(parts), level=[x for name in divisions for x in LEVELS[name]])


def _served(people: pl.DataFrame, services: pl.LazyFrame | None) -> pl.Expr | None:
    """Whether a provision ran or began in the year before the month; None where not delivered."""
    if services is None:
        return None
    month = people["month"].max()
    until = pl.lit(month, pl.Date)
    ran = services.filter(
        pl.col("start_date") < until,
        pl.col("end_date").is_null() | (pl.col("end_date") > until.dt.offset_by(f"-{YEAR}mo")),
    )
    ids = ran.select("person_id").unique().collect()["person_id"]
    return pl.col("person_id").is_in(ids.implode())


def _protect(reached: pl.DataFrame, division: str, kind: str, policy: Policy) -> Protected:
    counts = (
        reached.filter(pl.col(kind).is_not_null())
        .group_by(level=pl.col(column(division)).fill_null(UNKNOWN))
        .agg(n_covered=pl.col(kind).sum(), n_clients=pl.len())
        .with_columns(division=pl.lit(division), reach=pl.lit(kind))
        .to_pandas()
    )
    order = pd.CategoricalDtype([*LEVELS[division], UNKNOWN], ordered=True)
    return protect_shares(
        counts.astype({"level": order}),
        SHARE,
        policy,
        by=["division", "reach", "level"],
        totals=["level"],
    )
