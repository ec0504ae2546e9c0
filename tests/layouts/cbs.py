"""CBS Microdata as researchers' code and CBS's own lists of components describe it."""

from datetime import date
from pathlib import Path

import polars as pl
import pyreadstat

SCHEME = {"PW": "01", "IOAW": "02", "IOAZ": "03", "bijzonder": "11", "Bbz": "14", "Tozo": "14"}
TYPE = {"single": "1", "single_parent": "6", "couple": "5", "other": "7"}
KEYS = ["person_id", "benefit_id", "scheme", "start_date"]


def number_persons(clients: pl.DataFrame) -> pl.DataFrame:
    """``person_id``, and the two columns that name a person at CBS; some from source S."""
    people = clients.select("person_id").sort("person_id").with_row_index("i")
    number = (pl.col("i").cast(pl.Int64) * 7919 + 1).cast(pl.String).str.zfill(9)
    source = pl.when(pl.col("i") % 10 == 0).then(pl.lit("S")).otherwise(pl.lit("R"))
    return people.select("person_id", RINPERSOONS=source, RINPERSOON=number)


def renamed(table: pl.DataFrame, numbers: pl.DataFrame) -> pl.DataFrame:
    """The table with the person's two columns as one id, letter first."""
    rin = pl.format("{}-{}", "RINPERSOONS", "RINPERSOON")
    return table.join(numbers, on="person_id").with_columns(person_id=rin).drop(numbers.columns[1:])


def seat_couples(benefits: pl.DataFrame, clients: pl.DataFrame) -> pl.DataFrame:
    """Add ``row`` and ``seat`` (0 the eldest): who stands beside whom in a row, at most two."""
    shared = ["benefit_id", "scheme", "nth"]
    ordered = (
        benefits.filter(pl.col("scheme") != "AIO")
        .join(clients.select("person_id", "birth_year"), on="person_id")
        .sort(*KEYS)
        .with_columns(nth=pl.int_range(pl.len()).over("person_id", "benefit_id", "scheme"))
        .sort(*shared, "birth_year", "person_id")
        .with_columns(place=pl.int_range(pl.len()).over(shared))
    )
    row = pl.struct(*shared, pl.col("place") // 2).rank("dense")
    return ordered.with_columns(row=row, seat=pl.col("place") % 2)


def write_tab(seated: pl.DataFrame, numbers: pl.DataFrame, year: int) -> pl.DataFrame:
    """BIJSTANDUITKERINGTAB of a year: every benefit that somebody had in it, ends if they came."""
    first, after = date(year, 1, 1), date(year + 1, 1, 1)
    end, is_begun = pl.col("end_date"), pl.col("start_date") < after
    is_here = (is_begun & (end > first).fill_null(True)).any().over("row")
    placed = seated.filter(is_here, is_begun).with_columns(end_date=pl.when(end <= after).then(end))
    sides = [
        placed.filter(pl.col("seat") == seat)
        .join(numbers, on="person_id")
        .select(
            "row",
            pl.col("RINPERSOONS").alias(f"RINPersoonS{name}"),
            pl.col("RINPERSOON").alias(f"RINpersoon{name}"),
            pl.col("scheme").replace_strict(SCHEME).alias(f"BIJSTANDStatistiekcodeA{name}"),
            _day("start_date").alias(f"BIJSTANDAanvangUitkeringPersoon{seat + 1}A"),
            _day("end_date").alias(f"BIJSTANDEindeUitkeringPersoon{seat + 1}A"),
        )
        for seat, name in ((0, ""), (1, "2"))
    ]
    together = sides[0].join(
        sides[1].drop("BIJSTANDStatistiekcodeA2"), on="row", how="full", coalesce=True
    )
    return together.sort("row").drop("row")


def write_changes(benefits: pl.DataFrame, numbers: pl.DataFrame, at: list[date]) -> pl.DataFrame:
    """SECMBUS: a row per person and period, closed on the last day before each day in ``at``."""
    days = pl.DataFrame({"cut": at}, schema={"cut": pl.Date})
    within = (
        pl.col("cut") > pl.col("start_date"),
        (pl.col("cut") < pl.col("end_date")).fill_null(True),
    )
    cuts = benefits.join(days, how="cross").filter(*within).with_columns(begin="cut")
    begins = pl.concat([benefits.with_columns(begin="start_date"), cuts.drop("cut")])
    after = pl.col("begin").shift(-1).over(KEYS)
    rows = begins.sort(*KEYS, "begin").with_columns(last=after.fill_null(pl.col("end_date")))
    last = pl.col("last").dt.offset_by("-1d").dt.strftime("%Y%m%d")
    return rows.join(numbers, on="person_id").select(
        "RINPERSOONS",
        "RINPERSOON",
        AANVSECM=_day("begin"),
        EINDSECM=last.fill_null(pl.lit("88881231")),
        SECM=pl.lit("22"),
        XKOPPELBIJSTANDSECM=pl.lit("1"),
    )


def write_persons(clients: pl.DataFrame, numbers: pl.DataFrame) -> pl.DataFrame:
    """GBAPERSOONTAB."""
    sex = pl.col("sex").replace_strict({"male": "1", "female": "2"})
    people = clients.join(numbers, on="person_id", maintain_order="left")
    return people.select(
        "RINPERSOONS", "RINPERSOON", GBAGEBOORTEJAAR=pl.col("birth_year"), GBAGESLACHT=sex
    )


def write_households(facts: pl.DataFrame, numbers: pl.DataFrame) -> pl.DataFrame:
    """GBAHUISHOUDENSBUS from person × month: a row per period, closed at each change."""
    kind, person = pl.col("household_type"), pl.col("person_id")
    ordered = facts.sort("person_id", "month")
    begins = ordered.filter((kind != kind.shift()).fill_null(True) | (person != person.shift()))
    until = pl.col("month").shift(-1).over("person_id").dt.offset_by("-1d").dt.strftime("%Y%m%d")
    return begins.join(numbers, on="person_id", maintain_order="left").select(
        pl.col("RINPERSOONS").alias("rinpersoons"),
        pl.col("RINPERSOON").alias("rinpersoon"),
        DATUMAANVANGHH=_day("month"),
        DATUMEINDEHH=until.fill_null(pl.lit("88881231")),
        TYPHH=kind.replace_strict(TYPE),
    )


def save(path: Path, rows: pl.DataFrame, labels: dict[str, dict[float, str]] | None = None) -> None:
    """SPSS (.sav) or CSV with semicolons, by the name of the file."""
    if path.suffix == ".sav":
        pyreadstat.write_sav(rows.to_pandas(), path, variable_value_labels=labels or {})
    else:
        rows.write_csv(path, separator=";")


def _day(column: str) -> pl.Expr:
    return pl.col(column).dt.strftime("%Y%m%d")
