"""Could people be recognised in the delivery: k-anonymity on what others may know of them."""

import polars as pl

from watwerkt.codebook import UNKNOWN
from watwerkt.disclosure import Gap, Policy, Protected, protect_counts
from watwerkt.disclosure.gap import NO_MONTHS
from watwerkt.panel.prepared import Prepared

SMALL = (3, 5, 10)  # a person who shares a combination with fewer than so many, oneself included
BIRTH_BAND_YEARS = 5
TRAITS = ("sex", "household_type", "origin", "district_id")
RISK_BANDS = {0.05: "below_5", 0.2: "5_to_20", 0.5: "20_to_50", 0.8: "50_to_80", 1.0: "above_80"}
COARSER: dict[
    str, dict[str, str | None]
] = {  # how the delivery could be made less recognisable → what then stands for each trait
    "as_delivered": {},
    "start_year": {"start": "1y"},
    "no_district": {"district_id": None},
    "year_and_no_district": {"start": "1y", "district_id": None},
}


def anonymity_table(prepared: Prepared, policy: Policy) -> Protected | Gap:
    """Share of persons who share birth years, sex, household, origin, start and district with few.

    In bands, so that no number of unique people can be read off; ``k3`` with fewer than 3. Per
    way in which the delivery could be made coarser. A person counts with the first spell.
    """
    people = _people(prepared).collect()
    if people.is_empty():
        return NO_MONTHS
    rows = [
        (name, *_risks(_coarsen(people, coarser)), people.height)
        for name, coarser in COARSER.items()
    ]
    keys = ("coarser", *(f"k{k}" for k in SMALL))
    frame = pl.DataFrame(rows, schema=[*keys, "n_persons"], orient="row").to_pandas()
    order = {name: place for place, name in enumerate(COARSER)}
    frame = frame.sort_values("coarser", key=lambda c: c.map(order))
    return protect_counts(frame, ["n_persons"], policy, by=[keys])


def _people(prepared: Prepared) -> pl.LazyFrame:
    """Persons with a spell: birth years in bands, traits as in ``clients``, start of the first."""
    starts = prepared.spells.group_by("person_id").agg(pl.col("start_date").min())
    clients = prepared.tables["clients"]
    known = [name for name in TRAITS if name in clients.collect_schema().names()]
    return starts.join(clients.select("person_id", "birth_year", *known), on="person_id").select(
        *(pl.col(name).fill_null(UNKNOWN) for name in known),
        birth_band=pl.col("birth_year") // BIRTH_BAND_YEARS,
        start=pl.col("start_date").dt.month_start(),
    )


def _coarsen(people: pl.DataFrame, coarser: dict[str, str | None]) -> pl.DataFrame:
    gone = [name for name, width in coarser.items() if width is None and name in people.columns]
    truncated = {n: pl.col(n).dt.truncate(width) for n, width in coarser.items() if width}
    return people.drop(gone).with_columns(**truncated)


def _risks(people: pl.DataFrame) -> list[str]:
    """Per k the band of the share of persons who share their combination with fewer."""
    sizes = people.group_by(pl.all()).agg(n_sharing=pl.len())["n_sharing"]
    return [_band(int(sizes.filter(sizes < k).sum()) / people.height) for k in SMALL]


def _band(share: float) -> str:
    return next(name for upper, name in RISK_BANDS.items() if share <= upper)
