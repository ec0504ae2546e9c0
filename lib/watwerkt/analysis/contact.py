"""How much personal contact there was, with whom, and how soon."""

import polars as pl

from watwerkt.analysis.incidence import DAYS_PER_MONTH, Window
from watwerkt.codebook import UNKNOWN
from watwerkt.disclosure import Gap, Policy, Protected, protect_curve, protect_means, protect_shares
from watwerkt.disclosure.gap import NO_CONTACTS
from watwerkt.estimators.survival_curves import aalen_johansen

PAST_MONTHS = (3, 6, 12)
CONTACT, LEFT = "contact", "left"
NO_INITIATIVE = Gap("Not delivered: who took the initiative for a contact.")


def contacts_by_quarter(
    contacts: pl.LazyFrame | None, panel: pl.LazyFrame, policy: Policy, by: str
) -> Protected | Gap:
    """Reached personal contacts per 100 client-months, per quarter and ``by``.

    ``by`` is ``channel`` or ``initiative``; a contact of which it is not known is not counted.
    """
    if contacts is None:
        return NO_CONTACTS
    at_risk = panel.group_by(_quarter("month")).agg(n_client_months=pl.len())
    observed = panel.select("month").unique()
    held = (
        contacts.filter("is_personal", "is_reached", pl.col("phase") == "during")
        .filter(pl.col(by).is_not_null(), pl.col(by) != UNKNOWN)
        .with_columns(month=pl.col("contact_date").dt.truncate("1mo"))
        .join(observed, on="month", how="semi")
        .group_by(_quarter("month"), by)
        .agg(
            n_contacts=pl.len(),
            n_persons=pl.col("person_id").n_unique(),
        )
        .join(at_risk, on="quarter")
        .select(
            "quarter",
            by,
            "n_persons",
            contacts_per_100=100 * pl.col("n_contacts") / pl.col("n_client_months"),
        )
        .collect()
        .to_pandas()
    )
    if held.empty:
        return NO_CONTACTS if by == "channel" else NO_INITIATIVE
    return protect_means(
        held, ["contacts_per_100"], policy, by=["quarter", by], n_persons="n_persons"
    )


def clients_without_contact(panel: pl.LazyFrame, policy: Policy) -> Protected | Gap:
    """Share of clients without personal contact in the past 3, 6 and 12 months.

    In the last month of the window, each among those who were on benefit in all of these months,
    so that every one of them could have been spoken to. Clients of whom no contact may mean that
    none was written down are left out.
    """
    past = past_contacts(panel)
    long = pl.concat(
        past.filter(is_asked(months)).select(
            past_months=pl.lit(months),
            n_clients=pl.len(),
            n_without=(pl.col(f"n_contacts_{months}m") == 0).sum(),
        )
        for months in PAST_MONTHS
    ).filter(pl.col("n_clients") > 0)
    if long.is_empty():
        return NO_CONTACTS
    return protect_shares(
        long.to_pandas(), {"share_without": ("n_without", "n_clients")}, policy, by=["past_months"]
    )


def past_contacts(panel: pl.LazyFrame) -> pl.DataFrame:
    """One row per client of the last month: past contacts, and ``is_past_known``.

    The panel's ``is_contact_known`` looks back six months for a collapse of the registration;
    ``is_past_known`` twelve, since it has to hold six months earlier too.
    """
    month = pl.col("month")
    past = [f"n_contacts_{months}m" for months in PAST_MONTHS]
    columns = ["person_id", "months_since_entry", "is_contact_known", *past]
    last = panel.filter(month == month.max()).select("month", *columns)
    earlier = panel.select(
        "person_id", month.dt.offset_by("6mo"), is_past_known=pl.col("is_contact_known")
    )
    return (
        last.join(earlier, on=["person_id", "month"], how="left")
        .with_columns(is_past_known=pl.col("is_contact_known") & pl.col("is_past_known"))
        .collect()
    )


def is_asked(months: int) -> pl.Expr:
    """Who was on benefit so long, and of whom no contact on record means that there was none."""
    is_known = pl.col("is_past_known" if months > 6 else "is_contact_known")
    return (pl.col("months_since_entry") >= months) & is_known.fill_null(False)


def contacts_by_group(panel: pl.LazyFrame, policy: Policy, by: str) -> Protected | Gap:
    """Mean reached personal contacts in the past 3 months, per group of clients.

    ``by`` is a trait in the panel; a client counts in the group of the month at hand.
    """
    groups = (
        panel.filter("is_contact_known", pl.col("months_since_entry") >= min(PAST_MONTHS))
        .group_by(pl.col(by).fill_null(UNKNOWN))
        .agg(
            contacts_past_3_months=pl.col("n_contacts_3m").mean(),
            share_contacted=(pl.col("n_contacts_3m") > 0).mean(),
            n_persons=pl.col("person_id").n_unique(),
        )
        .collect()
        .to_pandas()
    )
    if groups.empty:
        return NO_CONTACTS
    means = ["contacts_past_3_months", "share_contacted"]
    return protect_means(groups, means, policy, by=[by], n_persons="n_persons")


def time_to_first_contact(
    spells: pl.LazyFrame,
    contacts: pl.LazyFrame | None,
    window: Window,
    policy: Policy,
    conf_level: float,
) -> Protected | Gap:
    """Share of new entrants with a first personal contact, by months since the start.

    Leaving without one competes (Aalen-Johansen). Left out: entrants of the year in which
    registration began; of before the window, who are known only if they stayed until it; and
    those whose start a conversion set (rule B11).
    """
    if contacts is None:
        return NO_CONTACTS
    talks = contacts.filter("is_personal", "is_reached", pl.col("phase") == "during")
    begun = talks.select(pl.col("contact_date").min()).collect().item()
    if begun is None:
        return NO_CONTACTS
    first_day = pl.max_horizontal(pl.lit(begun).dt.offset_by("1y"), pl.lit(window.start))
    entrants = spells.filter(~pl.col("is_left_censored"), pl.col("start_date") >= first_day)
    times = _first_contacts(entrants, talks, window)
    if times.is_empty():
        return NO_CONTACTS
    curves = aalen_johansen(times["duration"].to_numpy(), times["destination"].to_numpy())
    tidy = curves.tidy(conf_level)
    shown = tidy[tidy["destination"] == CONTACT].drop(columns="destination")
    return protect_curve(shown, policy)


def _first_contacts(spells: pl.LazyFrame, talks: pl.LazyFrame, window: Window) -> pl.DataFrame:
    """Months from the start to the first talk, the exit or the end of observation."""
    start, until = pl.col("start_date"), pl.lit(window.until)
    talk = (
        spells.join(talks.select("person_id", "contact_date"), on="person_id", how="left")
        .filter((pl.col("contact_date") >= start) & (pl.col("contact_date") < until))
        .group_by("spell_id")
        .agg(pl.col("contact_date").min())
    )
    last_seen = pl.min_horizontal(until, "end_date", "risk_end_date")
    return (
        spells.join(talk, on="spell_id", how="left")
        .with_columns(last_seen=last_seen, is_talk=pl.col("contact_date") < last_seen)
        .select(
            duration=(
                pl.when("is_talk").then("contact_date").otherwise("last_seen") - start
            ).dt.total_days()
            / DAYS_PER_MONTH,
            destination=pl.when("is_talk")
            .then(pl.lit(CONTACT))
            .when(pl.col("end_date") == pl.col("last_seen"))
            .then(pl.lit(LEFT))
            .otherwise(pl.lit("")),
        )
        .filter(pl.col("duration") >= 0)
        .with_columns(pl.col("duration").clip(lower_bound=0.5 / DAYS_PER_MONTH))
        .collect()
    )


def _quarter(column: str) -> pl.Expr:
    return pl.col(column).dt.truncate("1q").alias("quarter")
