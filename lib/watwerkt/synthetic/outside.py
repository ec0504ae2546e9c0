"""People and periods outside the Participatiewet: Tozo, Bbz, AIO and special assistance."""

import numpy as np
import polars as pl

from watwerkt.synthetic.register import Register, canonical, random_ids

PER_CLIENT = {"Bbz": 0.006, "AIO": 0.008}  # people, per client in stock
SPECIAL_PER_CLIENT = 0.03  # one-off special assistance, to people on benefit
TOZO = (np.datetime64("2020-03-01"), np.datetime64("2021-10-01"))
SHORTEST, LONGEST = 60, 200  # days that a period lasts
AOW_AGE = 67


def outside_tables(
    register: Register, clients: pl.DataFrame, benefits: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Clients and benefits to add: everything rule B09 puts out of scope."""
    rng = register.rng(60)
    n_stock = int((benefits["end_date"].is_null()).sum())
    outside = register.world.scenario.outside
    new_clients, new_benefits = [], [_special(register, benefits, n_stock, rng)]
    for scheme, share in {"Tozo": outside.tozo_share, **PER_CLIENT}.items():
        people = _people(register, scheme, round(share * n_stock), rng)
        new_clients.append(people)
        new_benefits.append(_periods(register, scheme, people, rng))
    new_benefits.append(_tozo_before(register, benefits, outside.tozo_before_share, rng))
    return pl.concat([clients[:0], *new_clients]), pl.concat([benefits[:0], *new_benefits])


def _people(register: Register, scheme: str, n: int, rng: np.random.Generator) -> pl.DataFrame:
    """Clients who are known for this scheme only."""
    first = int(str(register.world.clock.date(0))[:4])
    age = rng.integers(AOW_AGE + 2, 85, n) if scheme == "AIO" else rng.integers(24, 60, n)
    year = first - age
    return canonical(
        "clients",
        pl.DataFrame(
            {
                "person_id": random_ids(n, rng),
                "birth_year": year,
                "aow_month": (year + AOW_AGE - 1970)
                .astype("datetime64[Y]")
                .astype("datetime64[D]"),
                "sex": rng.choice(["male", "female"], n),
                "household_type": rng.choice(["single", "couple"], n),
                "district_id": rng.choice(["D01", "D02", "D03", "D04"], n),
            },
            schema_overrides={
                "sex": pl.String,
                "household_type": pl.String,
                "district_id": pl.String,
            },
        ),
    )


def _periods(
    register: Register, scheme: str, people: pl.DataFrame, rng: np.random.Generator
) -> pl.DataFrame:
    """One period a person; a Tozo lies within its law's life."""
    opened = register.world.clock.date(0)
    first, last = (
        TOZO if scheme == "Tozo" else (opened, register.extract_date - np.timedelta64(400, "D"))
    )
    n = len(people)
    span = max(int((last - first).astype(int)) - 200, 1)
    start = first + rng.integers(0, span, n).astype("timedelta64[D]")
    end = start + rng.integers(SHORTEST, LONGEST, n).astype("timedelta64[D]")
    return _rows(register, people["person_id"], scheme, start, end, rng)


def _tozo_before(
    register: Register, benefits: pl.DataFrame, share: float, rng: np.random.Generator
) -> pl.DataFrame:
    """Tozo up to the first day of the first benefit, of a share of who enters in its months."""
    first = benefits.sort("start_date").unique("person_id", keep="first", maintain_order=True)
    begins = first["start_date"].to_numpy()
    rows = np.flatnonzero((begins > TOZO[0] + LONGEST) & (begins <= TOZO[1]))
    chosen = first[rows[rng.random(len(rows)) < share]].sort("person_id")
    end = chosen["start_date"].to_numpy()
    start = end - rng.integers(SHORTEST, LONGEST, len(chosen)).astype("timedelta64[D]")
    return _rows(register, chosen["person_id"], "Tozo", start, end, rng)


def _special(
    register: Register, benefits: pl.DataFrame, n_stock: int, rng: np.random.Generator
) -> pl.DataFrame:
    """One-off special assistance of a month to people who have a running benefit."""
    running = benefits.filter(pl.col("end_date").is_null()).sort("person_id")
    n = min(int(SPECIAL_PER_CLIENT * n_stock), len(running))
    chosen = running[np.sort(rng.choice(len(running), n, replace=False))]
    start = register.extract_date - rng.integers(120, 900, n).astype("timedelta64[D]")
    return _rows(
        register, chosen["person_id"], "bijzonder", start, start + np.timedelta64(30, "D"), rng
    )


def _rows(
    register: Register, person_id: pl.Series, scheme: str, start: np.ndarray, end: np.ndarray,
    rng: np.random.Generator,
) -> pl.DataFrame:  # fmt: skip
    n = len(person_id)
    known = end + np.timedelta64(20, "D") <= register.extract_date
    in_window = start >= register.world.clock.date(0)
    frame = pl.DataFrame(
        {
            "person_id": person_id,
            "benefit_id": "u" + random_ids(n, rng).str.slice(1, 12),
            "scheme": pl.Series([scheme] * n, dtype=pl.String),
            "start_date": start,
            "end_date": np.where(known, end, np.datetime64("NaT")),
            "registered_date": start + np.timedelta64(20, "D"),
            "end_registered_date": np.where(
                known, end + np.timedelta64(20, "D"), np.datetime64("NaT")
            ),
        }
    ).filter(pl.Series(in_window & (start + np.timedelta64(20, "D") <= register.extract_date)))
    return canonical("benefits", frame)
