"""Work, contact, provisions and staff while people are on benefit, as published."""

from datetime import date

import numpy as np
import polars as pl

from watwerkt.codebook import codes

DAYS_PER_YEAR = 365.25
FIRST_MONTHS = 6  # of a spell, in which talks are counted
BEFORE_OR_AFTER = ["intake", "aftercare"]


def measure_workload(
    tables: dict[str, pl.DataFrame], spells: pl.DataFrame, quarters: list[date]
) -> dict[str, float]:
    """Figures on the first day of each quarter, and talks over the whole period."""
    days = quarters[1:-1]
    running = [_on(spells, day)["person_id"] for day in days]
    n_persons = sum(map(len, running))
    jobs, services = tables["jobs"], tables["services"]
    working = [jobs.filter(pl.col("month") == day)["person_id"] for day in days]
    served = [_on(services, day)["person_id"] for day in days]
    return {
        "part_time_share": _n_in(running, working) / n_persons,
        "service_share": _n_in(running, served) / n_persons,
        **_talks(tables["contacts"], spells, quarters),
        **_caseloads(tables, days),
    }


def _on(frame: pl.DataFrame, day: date) -> pl.DataFrame:
    has_ended = (pl.col("end_date") <= day).fill_null(False)
    return frame.filter((pl.col("start_date") <= day) & ~has_ended)


def _n_in(running: list[pl.Series], others: list[pl.Series]) -> int:
    pairs = zip(running, others, strict=True)
    return sum(int(on.is_in(other.implode()).sum()) for on, other in pairs)


def _talks(contacts: pl.DataFrame, spells: pl.DataFrame, quarters: list[date]) -> dict[str, float]:
    """Reached personal talks per year on benefit, and their number in the first half year."""
    first, last = quarters[0], quarters[-1]
    personal = [c for c, entry in codes("channel").items() if entry.get("personal")]
    talks = contacts.filter(
        pl.col("is_reached"),
        pl.col("channel").is_in(personal),
        ~pl.col("purpose").is_in(BEFORE_OR_AFTER),
        pl.col("contact_date").is_between(first, last, closed="left"),
    )
    end = pl.min_horizontal(pl.col("end_date").fill_null(last), pl.lit(last))
    days = (end - pl.max_horizontal("start_date", pl.lit(first))).dt.total_days().clip(0)
    years = spells.select(days.sum()).item() / DAYS_PER_YEAR
    counts = _talks_of_newcomers(talks, spells, first, last)
    return {
        "talks_per_year": len(talks) / years,
        "no_talk_first_half_year_share": float((counts == 0).mean()),
        "talks_first_half_year": float(counts.mean()),
    }


def _talks_of_newcomers(
    talks: pl.DataFrame, spells: pl.DataFrame, first: date, last: date
) -> np.ndarray:
    """Talks in the first months of each spell that began in the period."""
    until = pl.col("start_date").dt.offset_by(f"{FIRST_MONTHS}mo")
    begun = spells.filter(pl.col("start_date") >= first, until <= last).with_row_index("row")
    met = begun.select("row", "person_id", "start_date", until=until).join(
        talks.select("person_id", "contact_date"), on="person_id"
    )
    early = met.filter(pl.col("contact_date").is_between("start_date", "until", closed="left"))
    return np.bincount(early["row"].to_numpy(), minlength=len(begun))


def _caseloads(tables: dict[str, pl.DataFrame], days: list[date]) -> dict[str, float]:
    """Clients per caseworker and per FTE, by role; FTE per caseworker, clients per FTE of all."""
    n_clients: dict[str, int] = {}
    heads: dict[str, int] = {}
    fte: dict[str, float] = {}
    for day in days:
        staff = _on(tables["caseworkers"], day)
        roles = staff.select("caseworker_id", "role").unique("caseworker_id")
        held = _on(tables["assignments"], day).join(roles, on="caseworker_id")
        for role, n in held["role"].value_counts().iter_rows():
            n_clients[role] = n_clients.get(role, 0) + n
        for role, n, full_time in (
            staff.group_by("role").agg(pl.len(), pl.col("fte").sum()).iter_rows()
        ):
            heads[role], fte[role] = heads.get(role, 0) + n, fte.get(role, 0.0) + full_time
    return {
        **{f"clients_per_{r}_caseworker": n_clients[r] / heads[r] for r in sorted(heads)},
        "fte_per_caseworker": sum(fte.values()) / sum(heads.values()),
        "clients_per_fte_work": n_clients["work"] / fte["work"],
    }
