"""The panel of one prepared delivery with Polars alone: what `watwerkt prepare` is measured by.

Usage: python benchmarks/prepare/bare.py PREPARED OUT.parquet

It reads the clean tables of a finished `prepare`, all of which must be there, and writes the same
columns of the same rows as one lazy query. It shares no code with the product: `run.py` asserts
that the two frames are equal.
"""

import json
import sys
from datetime import date
from pathlib import Path

import polars as pl

LAGS = (1, 2, 4, 5, 7, 13)
COUNTED = ["n", "n_phone", "n_in_person", "n_client", "n_no_show"]
ROLES = ["work", "mixed", "participation", "unknown", "income"]
OF_PERSONS = ("clients", "traits", "assignments", "contacts", "services", "jobs", "admin_errors")
Tables = dict[str, pl.LazyFrame]


def month_of(day: pl.Expr) -> pl.Expr:
    """The calendar month as a number."""
    return day.dt.year() * 12 + day.dt.month().cast(pl.Int32) - 1


def month_from(day: pl.Expr) -> pl.Expr:
    """The first month that begins on or after ``day``."""
    return month_of(day) + (day.dt.day() > 1).cast(pl.Int32)


def first_day(month: pl.Expr) -> pl.Expr:
    """The date on which a month begins."""
    return pl.date(month // 12, month % 12 + 1, 1)


def latest(
    rows: pl.LazyFrame, values: pl.LazyFrame, on: str, by: str = "person", within: int | None = None
) -> pl.LazyFrame:
    """The last of ``values`` at or before ``on``."""
    return rows.join_asof(values, on=on, by=by, tolerance=within, check_sortedness=False)


def read_tables(folder: Path) -> Tables:
    """Every clean table, with numbers for persons and caseworkers."""
    tables = {path.stem: pl.scan_parquet(path) for path in (folder / "tables").glob("*.parquet")}
    tables["spells"] = pl.scan_parquet(folder / "spells" / "*.parquet")
    persons = tables["spells"].select("person_id").unique().sort("person_id")
    persons = persons.with_row_index("person").collect().lazy()
    desks = tables["caseworkers"].select("caseworker_id").unique().sort("caseworker_id")
    known = pl.Enum(desks.collect()["caseworker_id"])
    for name in ("caseworkers", "assignments"):
        tables[name] = tables[name].with_columns(pl.col("caseworker_id").cast(known))
    return tables | {
        name: tables[name].join(persons, on="person_id") for name in (*OF_PERSONS, "spells")
    }


def expand(spells: pl.LazyFrame, first: int, last: int, until: date) -> pl.LazyFrame:
    """One row per person and month at risk."""
    start, end, person = pl.col("start_date"), pl.col("end_date"), pl.col("person")
    following = pl.when(person.shift(-1) == person).then(start.shift(-1))
    risk_end = pl.min_horizontal(end, "risk_end_date")
    sustained = {
        f"is_sustained_{n}": pl.when(
            (end.dt.offset_by(f"{n}mo") <= until) & (pl.col("exit_destination") != "moved")
        ).then(following.is_null() | (following >= end.dt.offset_by(f"{n}mo")))
        for n in (6, 12)
    }
    last_month = month_of(risk_end.dt.offset_by("-1d")).fill_null(last)
    taken = pl.col("last").cum_max().shift(1).over("person").fill_null(-1)
    is_exit = (pl.col("month") == pl.col("exit_month")).fill_null(False)
    exit_month = pl.when(end == risk_end).then(month_of(end.dt.offset_by("-1d")))
    return (
        spells.sort("person", "start_date", "spell_id")
        .with_columns(n_benefits_earlier=pl.int_range(pl.len()).over("person"), **sustained)
        .with_row_index("spell")
        .with_columns(last=last_month, exit_month=exit_month)
        .with_columns(first=pl.max_horizontal(month_of(start), taken + 1, first))
        .with_columns(last=pl.min_horizontal("last", last))
        .filter(pl.col("first") <= pl.col("last"))
        .with_columns(month=pl.int_ranges("first", pl.col("last") + 1, dtype=pl.Int32))
        .explode("month")
        .with_columns(
            day=pl.max_horizontal(first_day(pl.col("month")), start),
            months_since_entry=pl.col("month") - month_of(start),
            is_entry_observed=(month_of(start) >= first) & ~pl.col("is_left_censored"),
            exit_destination=pl.when(is_exit).then("exit_destination").otherwise(pl.lit("stay")),
            is_sustained_6=pl.when(is_exit).then("is_sustained_6"),
            is_sustained_12=pl.when(is_exit).then("is_sustained_12"),
        )
        .select(
            *("person", "person_id", "spell", "spell_id", "benefit_id", "month", "day"),
            *("months_since_entry", "is_entry_observed", "exit_destination"),
            *("is_sustained_6", "is_sustained_12", "n_benefits_earlier"),
        )
        .sort("person", "month")
    )


def add_person(rows: pl.LazyFrame, tables: Tables, names: list[str], first: int) -> pl.LazyFrame:
    """Traits, jobs, services and errors."""
    rows = rows.join(
        tables["clients"].drop("person_id", *names, strict=False),
        on="person",
        how="left",
        maintain_order="left",
    ).with_columns(
        age_years=pl.col("month") // 12 - pl.col("birth_year"),
        is_trait_dated=pl.lit("labour_market_distance" in names),
    )
    for name in names:
        valued = tables["traits"].filter(pl.col("trait") == name)
        valued = valued.select("person", pl.col("valid_from").alias("day"), value="value")
        valued = valued.rename({"value": name}).sort("person", "day", name)
        rows = latest(rows, valued, "day")
    exemption = pl.col("exemption").fill_null("none")
    rows = rows.with_columns(is_exempt=pl.when(exemption != "unknown").then(exemption != "none"))
    worked = tables["jobs"].filter(
        pl.max_horizontal("hours_month", "wage_eur_month").fill_null(1) > 0
    )
    worked = worked.select("person", month=month_of(pl.col("month")) + 1, worked=True).unique()
    errors = tables["admin_errors"].group_by("person", month=month_of(pl.col("error_date")))
    rows = latest(rows, worked.sort("person", "month"), "month", within=0)
    rows = latest(
        rows, errors.agg(n_errors_month=pl.len()).sort("person", "month"), "month", within=0
    )
    rows = latest(rows, running(tables["services"], "person", n_services_active=pl.lit(1)), "month")
    is_new = pl.col("months_since_entry") == 0
    return rows.with_columns(
        has_part_time_work=pl.when(is_new | (pl.col("month") > first)).then(
            pl.col("worked").fill_null(False) & ~is_new
        ),
        n_errors_month=pl.col("n_errors_month").fill_null(0),
        n_services_active=pl.col("n_services_active").fill_null(0),
    )


def running(periods: pl.LazyFrame, by: str, **weights: pl.Expr) -> pl.LazyFrame:
    """How much runs on the first day of each month in which that changes."""
    number = {name: weight.cast(pl.Float64) for name, weight in weights.items()}
    closed = periods.filter(pl.col("end_date").is_not_null())
    steps = [
        periods.select(by, month=month_from(pl.col("start_date")), **number),
        closed.select(
            by, month=month_from(pl.col("end_date")), **{n: -w for n, w in number.items()}
        ),
    ]
    summed = pl.concat(steps).group_by(by, "month").agg(pl.col(*weights).sum()).sort(by, "month")
    return summed.with_columns(pl.col(*weights).cum_sum().over(by).round(6))


def hold(tables: Tables) -> pl.LazyFrame:
    """Assignments while at risk, the caseworker for work first."""
    roles = tables["caseworkers"].select("caseworker_id", "start_date", "role")
    roles = roles.sort("start_date", "role")
    first = roles.unique("caseworker_id", keep="first", maintain_order=True)
    risk_end = pl.min_horizontal("end_date", "risk_end_date")
    at_risk = tables["spells"].select("person", risk_start="start_date", risk_end=risk_end)
    role = pl.coalesce("role", "first").fill_null("unknown")
    return (
        latest(tables["assignments"].sort("start_date"), roles, "start_date", "caseworker_id")
        .join(first.select("caseworker_id", first="role"), on="caseworker_id", how="left")
        .with_columns(order=role.replace_strict({r: i for i, r in enumerate(ROLES)}))
        .join(at_risk, on="person")
        .select(
            *("person", "caseworker_id", "order"),
            start_date=pl.max_horizontal("start_date", "risk_start"),
            end_date=pl.min_horizontal("end_date", "risk_end"),
        )
        .filter((pl.col("start_date") < pl.col("end_date")).fill_null(True))
        .sort(
            "person", "order", "start_date", "caseworker_id", descending=[False, False, True, False]
        )
    )


def add_caseworker(
    rows: pl.LazyFrame, tables: Tables, holdings: pl.LazyFrame, first: int, last: int
) -> pl.LazyFrame:
    """Caseworker, caseload, team and staffing shock."""
    start, day = pl.col("start_date"), pl.col("day")
    person, month = pl.col("person"), pl.col("month")
    held = (
        rows.select("person", "month", "day")
        .join(holdings, on="person", maintain_order="left_right")
        .filter((start <= day) & (day < pl.col("end_date")).fill_null(True))
        .filter(((person != person.shift()) | (month != month.shift())).fill_null(True))
        .with_columns(at_start=(start <= first_day(month)).cast(pl.Int8))
        .drop("start_date", "end_date", "order")
        .collect()
        .lazy()
    )
    key = ["caseworker_id", "month", "day"]
    teams = tables["caseworkers"].select("caseworker_id", "team_id", "role", day="start_date")
    teams = teams.sort("day", "team_id", "role")
    shocks = staffing_shocks(holdings, tables["caseworkers"], first, last)
    head, fte = pl.col("n_clients"), pl.col("fte")
    desks = (
        latest(held.select(key).unique().sort("day"), teams, "day", "caseworker_id")
        .join(
            caseloads(holdings, tables["caseworkers"], first, last),
            on=["caseworker_id", "month"],
            how="left",
        )
        .join(shocks, on=["team_id", "month"], how="left")
    )
    held = (
        held.join(desks, on=key, how="left", maintain_order="left")
        .with_columns(
            caseload_head=head,
            caseload_fte=head / fte,
            caseload_others=(head - pl.col("at_start")) / fte,
        )
        .drop("day", "fte", "n_clients", "at_start")
    )
    rows = latest(rows, held, "month", within=0)
    return rows.with_columns(
        caseload_fte_mean_3m=pl.mean_horizontal(
            pl.when(pl.col("spell").shift(lag) == pl.col("spell")).then(
                pl.col("caseload_fte").shift(lag)
            )
            for lag in (0, 1, 2)
        )
    )


def caseloads(
    holdings: pl.LazyFrame, caseworkers: pl.LazyFrame, first: int, last: int
) -> pl.LazyFrame:
    """Clients and FTE per caseworker and month."""
    months = pl.LazyFrame({"month": range(first, last + 1)}, {"month": pl.Int32})
    grid = holdings.select("caseworker_id").unique().join(months, how="cross")
    fte = {"fte": pl.col("fte").fill_null(0.0), "unknown": pl.col("fte").is_null()}
    loads = latest(
        grid.sort("caseworker_id", "month"),
        running(holdings, "caseworker_id", n_clients=pl.lit(1)),
        "month",
        "caseworker_id",
    ).filter(pl.col("n_clients") > 0)
    loads = latest(loads, running(caseworkers, "caseworker_id", **fte), "month", "caseworker_id")
    is_known = (pl.col("unknown") == 0) & (pl.col("fte") > 0)
    return loads.with_columns(fte=pl.when(is_known).then("fte")).drop("unknown")


def staffing_shocks(
    holdings: pl.LazyFrame, caseworkers: pl.LazyFrame, first: int, last: int
) -> pl.LazyFrame:
    """Clients inherited per remaining FTE, per team and month."""
    key = ["caseworker_id", "team_id", "left_date"]
    left = caseworkers.filter(
        pl.col("leave_reason") == "left", pl.col("end_date", "team_id").is_not_null()
    ).select("caseworker_id", "team_id", left_date="end_date")
    day = pl.col("left_date")
    last_day = day.dt.offset_by("-1d")
    runs = (pl.col("start_date") <= last_day) & (last_day < pl.col("end_date")).fill_null(True)
    clients = left.join(holdings, on="caseworker_id").filter(runs)
    clients = clients.group_by(key).agg(n_clients=pl.col("person").n_unique())
    stays = (pl.col("start_date") <= day) & (day < pl.col("end_date")).fill_null(True)
    remaining = left.join(caseworkers, on="team_id", suffix="_other").filter(stays)
    remaining = remaining.group_by(key).agg(
        pl.col("fte").sum(), is_known=pl.col("fte").is_not_null().all()
    )
    shock = pl.when(pl.col("is_known") & (pl.col("fte") > 0)).then(
        pl.col("n_clients").fill_null(0) / pl.col("fte")
    )
    left_month = month_from(day)
    summed = (
        left.join(clients, on=key, how="left")
        .join(remaining, on=key, how="left")
        .select(
            "team_id",
            month=pl.int_ranges(left_month, left_month + 6, dtype=pl.Int32),
            shock=shock,
        )
        .explode("month")
        .group_by("team_id", "month")
        .agg(pl.col("shock").sum().round(6), is_known=pl.col("shock").is_not_null().all())
    )
    months = pl.LazyFrame({"month": range(first + 6, last + 1)}, {"month": pl.Int32})
    teams = caseworkers.select("team_id").drop_nulls().unique()
    grid = teams.join(months, how="cross").join(summed, on=["team_id", "month"], how="left")
    known = pl.col("is_known").fill_null(True)
    return grid.select(
        "team_id", "month", staffing_shock=pl.when(known).then(pl.col("shock").fill_null(0.0))
    )


def add_contacts(rows: pl.LazyFrame, tables: Tables) -> pl.LazyFrame:
    """Contact history strictly before the month, and whether it is known."""
    contacts, channel = tables["contacts"], pl.col("channel")
    during, reached = pl.col("phase") == "during", pl.col("is_reached")
    months = (
        contacts.filter("is_personal")
        .group_by("person", month=month_of(pl.col("contact_date")))
        .agg(
            n_contacts_month=reached.sum(),
            n=(reached & during).sum(),
            n_phone=(reached & during & (channel == "phone")).sum(),
            n_in_person=(reached & during & channel.is_in(["in_person", "home_visit"])).sum(),
            n_client=(reached & during & (pl.col("initiative") == "client")).sum(),
            n_no_show=(~reached & during).sum(),
        )
        .with_columns(pl.col("n_contacts_month", *COUNTED).cast(pl.Int32))
        .sort("person", "month")
        .with_columns(
            pl.col(*COUNTED).cum_sum().over("person"),
            last_month=pl.when(pl.col("n") > 0).then("month").forward_fill().over("person"),
        )
        .collect()
        .lazy()
    )
    in_month = months.select("person", "month", "n_contacts_month")
    rows = latest(rows, in_month, "month", within=0)
    for lag in LAGS:
        until = months.select(
            "person", pl.col("month") + lag, pl.col(*COUNTED, "last_month").name.suffix(f"_{lag}")
        )
        rows = latest(rows, until, "month")
    windows = {"1m": (1, 2), "3m": (1, 4), "6m": (1, 7), "12m": (1, 13), "lag_2_4": (2, 5)}
    counts = {f"n_contacts_{name}": between("n", *lags) for name, lags in windows.items()}
    counts |= {
        f"n_contacts_{kind}_3m": between(f"n_{kind}", 1, 4)
        for kind in ("phone", "in_person", "client")
    }
    rows = rows.with_columns(
        pl.col("n_contacts_month").fill_null(0),
        **counts,
        n_no_show_3m=between("n_no_show", 1, 4),
        months_since_contact=pl.col("month") - pl.col("last_month_1"),
    )
    return add_contact_known(rows, contacts, tables["registration"])


def between(name: str, recent: int, before: int) -> pl.Expr:
    """Contacts from one lag up to another."""
    return pl.col(f"{name}_{recent}").fill_null(0) - pl.col(f"{name}_{before}").fill_null(0)


def add_contact_known(
    rows: pl.LazyFrame, contacts: pl.LazyFrame, registration: pl.LazyFrame
) -> pl.LazyFrame:
    """Registration had begun a year before, and did not collapse in the half year before."""
    began = pl.col("contact_date").min()
    began = contacts.select(month_of(began)).collect().item()
    collapsed = registration.filter("is_collapsed").select(
        "team_id", month=month_of(pl.col("month"))
    )
    seen = (
        rows.select("person", "month", "team_id")
        .join(collapsed, on=["team_id", "month"], how="semi", nulls_equal=True)
        .select("person", month=pl.col("month") + 1, collapse="month")
        .sort("person", "month")
    )
    is_recent = (pl.col("month") - pl.col("collapse") <= 6).fill_null(False)
    return latest(rows, seen, "month").with_columns(
        is_contact_known=(pl.col("month") - 12 >= began) & ~is_recent
    )


def build(folder: Path) -> pl.DataFrame:
    """The whole panel, with the columns of the one that lies in ``folder``."""
    about = json.loads((folder / "prepared.json").read_text(encoding="utf-8"))
    until = date.fromisoformat(about["observed_until"])
    first, last = (
        int(about[m][:4]) * 12 + int(about[m][5:]) - 1 for m in ("first_month", "last_month")
    )
    last = min(last, until.year * 12 + until.month - 2)
    tables = read_tables(folder)
    rows = expand(tables["spells"], first, last, until).collect().lazy()
    holdings = hold(tables).collect().lazy()
    rows = add_person(rows, tables, about["dated_traits"], first).collect().lazy()
    rows = add_caseworker(rows, tables, holdings, first, last).collect().lazy()
    rows = add_contacts(rows, tables)
    wanted = pl.read_parquet_schema(next((folder / "panel").glob("*.parquet")))
    return (
        rows.with_columns(
            month=first_day(pl.col("month")), municipality_id=pl.lit(about["municipality_id"])
        )
        .select(pl.col(name).cast(dtype) for name, dtype in wanted.items())
        .collect()
    )


if __name__ == "__main__":
    build(Path(sys.argv[1])).write_parquet(sys.argv[2])
