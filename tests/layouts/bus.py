"""BUS as the regulation prints it, written from what a town's register showed month by month.

A benefit is in the report of a month when it was booked by then, until its end has been; an end
that is booked late shows up in a later month. Exemption, household and income of a person are
those of the month. ``held`` is the same, canonically: what the layout cannot say is taken out.
"""

from dataclasses import dataclass, field

import numpy as np
import polars as pl

SEX = {"male": "1", "female": "2"}
HOUSEHOLD = {"single": "1", "single_parent": "2", "couple": "3", "other": "4"}
SCHEME = {"PW": "01", "IOAW": "02", "IOAZ": "03", "bijzonder": "11", "Bbz": "14", "Tozo": "14"}


@dataclass(frozen=True)
class Version:
    """What a version of the layout says otherwise.

    ``exemption``: canonical code → code; several of the canonical may share one. ``running`` and
    ``no_reason`` stand for a benefit that has not ended. ``reasons``: codes it does not have →
    what is reported in their place.
    """

    exemption: dict[str, str]
    held_exemption: dict[str, str] = field(default_factory=dict)
    running: str | None = None
    no_reason: str | None = None
    reasons: dict[str, str] = field(default_factory=dict)


NONE, PARENT, URGENT, LASTING = "none", "single_parent", "urgent_reasons", "permanent_incapacity"
BUS_2015 = Version({NONE: "2", PARENT: "4", URGENT: "5", LASTING: "6"})
BUS_2013 = Version(
    {"none": "2", "single_parent": "4", "urgent_reasons": "3", "permanent_incapacity": "3"},
    held_exemption={LASTING: URGENT},
    running="00000000",
    no_reason="99",
)
BUS_2010 = Version(
    {NONE: "2", PARENT: "1", URGENT: "1", LASTING: "1"},
    held_exemption=dict.fromkeys([PARENT, URGENT, LASTING], "exempt"),
    running="00000000",
    no_reason="99",
    reasons={"05": "98", "06": "98", "07": "98", "34": "31", "35": "31"},
)


def draw_months(tables: dict[str, pl.DataFrame], months: list, seed: int = 4) -> pl.DataFrame:
    """``person_id, month, exemption, household_type, kind, income``: each person's own history.

    Now and then something changes; income of kind 24 (alimony) is no income from work.
    """
    rng, persons = np.random.default_rng(seed), tables["clients"]["person_id"].sort()
    shape = (len(persons), len(months))
    columns = {
        "exemption": _history(rng, shape, list(BUS_2015.exemption), [0.7, 0.1, 0.15, 0.05]),
        "household_type": _history(rng, shape, list(HOUSEHOLD), [0.5, 0.2, 0.2, 0.1]),
        "kind": _history(rng, shape, ["", "11", "24"], [0.75, 0.2, 0.05]),
        "income": rng.integers(5, 90, shape) * 10,
    }
    return pl.DataFrame(
        {
            "person_id": persons.repeat_by(len(months)).explode(),
            "month": pl.Series(months * len(persons), dtype=pl.Date),
            **{name: values.ravel() for name, values in columns.items()},
        }
    )


def _history(rng, shape, values, shares) -> np.ndarray:
    drawn = rng.choice(np.array(values, dtype=object), shape, p=shares)
    changes = rng.random(shape) < 0.08
    changes[:, 0] = True
    since = np.maximum.accumulate(np.where(changes, np.arange(shape[1]), 0), axis=1)
    return np.take_along_axis(drawn, since, axis=1).astype(str)


def report_months(benefits: pl.DataFrame, facts: pl.DataFrame) -> pl.DataFrame:
    """Every benefit in every month in which it was reported, with what was known then."""
    month = pl.col("month")
    first = pl.max_horizontal("start_date", "registered_date").dt.truncate("1mo")
    last_day = pl.col("end_date").dt.offset_by("-1d")
    last = pl.max_horizontal(last_day, "end_registered_date").dt.truncate("1mo")
    is_ended = pl.col("end_registered_date") < month.dt.offset_by("1mo")
    return (
        benefits.filter(pl.col("scheme") != "AIO")  # SVB reports these
        .drop("exemption", "part_time_income_eur_month")
        .join(facts, on="person_id")
        .filter(month >= first, (month <= last).fill_null(True))
        .with_columns(
            end_date=pl.when(is_ended).then("end_date"),
            exit_reason=pl.when(is_ended).then("exit_reason"),
        )
        .sort("month", "benefit_id", "scheme", "start_date", "person_id")
    )


def write_flat(reports: pl.DataFrame, clients: pl.DataFrame, version: Version) -> pl.DataFrame:
    """One row per person, benefit and month; the fields in the order of their numbers."""
    rows = reports.join(clients.select("person_id", "birth_year", "sex"), on="person_id")
    ordered = rows.sort("month", "benefit_id", "scheme", "start_date", "person_id")
    return ordered.select(**_house(), **_person(version))


def _house() -> dict[str, pl.Expr]:
    """Fields 1 to 15."""
    return {
        "STATISTIEKJAAR": pl.col("month").dt.strftime("%Y"),
        "STATISTIEKMAAND": pl.col("month").dt.strftime("%m"),
        "BERICHTGEVERCODE": pl.lit("9904"),
        "GEMEENTECODE (CBS)": pl.lit("9904"),
        "NAAM SOFTWAREPAKKET": pl.lit("and"),
        "RELEASE-/VERSIENUMMER": pl.lit("1.0"),
        "REGISTRATIENUMMER UITKERING": pl.col("benefit_id"),
        "STATISTIEKCODE": pl.col("scheme").replace_strict(SCHEME),
        "LEEFVORM": pl.col("household_type").replace_strict(HOUSEHOLD),
        "AANTAL KOSTENDELERS": pl.lit("00"),
        "BETAALBAAR GESTELD BEDRAG excl. vt": pl.lit("001080"),
    }


def _person(version: Version) -> dict[str, pl.Expr]:
    """Fields 18 to 34, of which each person in a row has his own."""
    day, kind = "%Y%m%d", pl.col("kind").replace({"": None})
    reason = pl.col("exit_reason").replace(version.reasons)
    amount = pl.format("+{}", pl.col("income").cast(pl.String).str.zfill(4))
    end_date = pl.col("end_date").dt.strftime(day)
    return {
        "BURGERSERVICENUMMER": pl.col("person_id"),
        "GEBOORTEDATUM": pl.col("birth_year").cast(pl.String),
        "GESLACHT": pl.col("sex").replace_strict(SEX),
        "HUISVESTING": pl.lit("1"),
        "AANVANGSDATUM UITKERING PERSOON": pl.col("start_date").dt.strftime(day),
        "EINDDATUM UITKERING PERSOON": end_date.fill_null(pl.lit(version.running)),
        "ONTHEFFING ARBEIDSVERPLICHTING": pl.col("exemption").replace_strict(version.exemption),
        "EINDDATUM ONTHEFFING": pl.lit(version.running and "99999999", pl.String),
        "SOORT INKOMSTEN": kind,
        "BEDRAG INKOMSTEN PERSOON incl. vt": pl.when(kind.is_not_null()).then(amount),
        "VRIJLATING INKOMSTEN": pl.when(kind.is_not_null()).then(pl.lit("2")),
        "REDEN BEËINDIGING UITKERING PERSOON": pl.when(end_date.is_not_null())
        .then(reason)
        .otherwise(pl.lit(version.no_reason)),
    }


def write_couples(flat: pl.DataFrame) -> pl.DataFrame:
    """One row per benefit and month, the persons side by side (model of 2010)."""
    house = list(_house())
    same = [*house, "place"]
    nth = pl.int_range(pl.len())
    placed = flat.with_columns(place=nth.over(*house, "BURGERSERVICENUMMER")).with_columns(
        seat=nth.over(same)
    )
    sides = [placed.filter(pl.col("seat") % 2 == seat) for seat in (0, 1)]
    named = [
        side.with_columns(row=pl.col("seat") // 2).select(
            *same, "row", *(pl.col(c).alias(_of_person(c, i)) for c in _person(BUS_2010))
        )
        for i, side in enumerate(sides, start=1)
    ]
    together = named[0].join(named[1], on=[*same, "row"], how="left", nulls_equal=True)
    return together.drop("place", "row")


def _of_person(name: str, number: int) -> str:
    called, _, rest = name.partition(" PERSOON")
    return f"{called} PERSOON{number}{rest}"


def held(
    reports: pl.DataFrame, clients: pl.DataFrame, benefits: pl.DataFrame, version: Version
) -> dict[str, pl.DataFrame]:
    """What the reports say, as canonical tables: payment periods cut where their terms change."""
    told = _told_by_month(reports, version)
    known = benefits.join(reports.select("person_id", "benefit_id", "start_date").unique(),
                          on=["person_id", "benefit_id", "start_date"], how="semi")  # fmt: skip
    schemes = {"Tozo": "Bbz"}
    whole = known.select(
        *("person_id", "benefit_id", "start_date", "end_date"),
        pl.col("scheme").replace(schemes),
        exit_reason=pl.col("exit_reason").replace(version.reasons),
    )
    people = clients.filter(pl.col("person_id").is_in(reports["person_id"].implode()))
    reported = reports.sort("person_id", "month").unique(
        ["person_id", "month"], maintain_order=True
    )
    begins = known.group_by("person_id").agg(begin=pl.col("start_date").min())
    is_first = pl.col("person_id").is_first_distinct()
    traits = reported.join(begins, on="person_id", maintain_order="left").select(
        "person_id",
        trait=pl.lit("household_type"),
        value="household_type",
        valid_from=pl.when(is_first).then(pl.min_horizontal("begin", "month")).otherwise("month"),
    )
    return {
        "clients": people.select("person_id", "birth_year", "sex"),
        "benefits": _cut(whole, told),
        "traits": traits,
    }


def _told_by_month(reports: pl.DataFrame, version: Version) -> pl.DataFrame:
    """Person × month: the terms, of a month without a report those of the next one."""
    works = pl.when(pl.col("kind") == "11").then(pl.col("income").cast(pl.Float64))
    reported = reports.unique(["person_id", "month"]).select(
        "person_id",
        "month",
        exemption=pl.col("exemption").replace(version.held_exemption),
        part_time_income_eur_month=works,
        is_reported=pl.lit(True),
    )
    months = reports["month"].unique().sort().to_frame()
    grid = reported.select("person_id").unique().join(months, how="cross")
    full = grid.join(reported, on=["person_id", "month"], how="left").sort("person_id", "month")
    following = pl.when("is_reported").then(pl.struct("exemption", "part_time_income_eur_month"))
    return full.select(
        "person_id", "month", terms=following.backward_fill().over("person_id")
    ).unnest("terms")


def _cut(benefits: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
    """Each benefit cut into pieces, one for every month; the first keeps the start."""
    month, keys = pl.col("month"), ["person_id", "benefit_id", "scheme", "start_date"]
    first_month = told["month"].min()
    begins = pl.max_horizontal(pl.col("start_date").dt.truncate("1mo"), pl.lit(first_month))
    pieces = (
        benefits.join(told, on="person_id")
        .filter(month >= begins, (month < pl.col("end_date")).fill_null(True))
        .sort(*keys, "month")
        .with_columns(
            piece=pl.when(month == begins).then("start_date").otherwise("month"),
        )
    )
    after = pl.col("piece").shift(-1).over(keys)
    return pieces.select(
        "person_id",
        "benefit_id",
        "scheme",
        start_date="piece",
        end_date=after.fill_null(pl.col("end_date")),
        exit_reason=pl.when(after.is_null()).then("exit_reason"),
        exemption="exemption",
        part_time_income_eur_month="part_time_income_eur_month",
    )
