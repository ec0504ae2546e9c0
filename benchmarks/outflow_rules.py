"""Outflow with and without the rules for booking lag, gaps and Tozo, beside what was planted.

python benchmarks/outflow_rules.py [--seeds 20] [--clients 1500]

Prints two tables. The first: how far a monthly hazard lies from the true one, without the rule and
with it, as a mean over seeds with its Monte-Carlo error. The second: the lag as it is, as booked
ends alone show it, and as estimated.
"""

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from multiprocessing import get_context

import numpy as np
import pandas as pd
import polars as pl

from planted_registers import (
    EXTRACT,
    NO_GAP_RULE,
    NO_LAG_RULE,
    NO_RULES,
    NO_START_RULE,
    NO_TOZO_RULE,
    POPULATIONS,
    WITH_RULES,
    Reading,
    Town,
    bias,
    book_resumptions_as_starts,
    build_town,
    clean_town,
    compare_flows,
    drop_old_booking_dates,
    found_flows,
    found_incidence,
    stamp_old_booking_dates,
    true_flows,
    true_incidence,
)

START_LAG = (30, 120)
TOZO_MONTHS = (date(2020, 3, 1), date(2021, 12, 31))


@dataclass(frozen=True)
class Case:
    """One planted population, read without a rule and with all of them.

    ``months``: the last so many that each reading has (0: all), or Tozo's.
    """

    population: str
    without: Reading
    months: int | tuple[date, date]
    counts: tuple[str, ...] = ("n_exits", "n_work")


CASES = (
    Case("late ends", NO_LAG_RULE, 12),
    Case("late ends", NO_LAG_RULE, 3),
    Case("late starts", NO_START_RULE, 12, ("n_entries",)),
    Case("gaps", NO_GAP_RULE, 0),
    Case("late resumption", NO_START_RULE, 3),
    Case("Tozo", NO_TOZO_RULE, TOZO_MONTHS),
    Case("all three", NO_RULES, 0),
    Case("lag that shortens", NO_LAG_RULE, 3),
    Case("lag that lengthens", NO_LAG_RULE, 3),
)
LAGS = {
    "late ends": WITH_RULES,
    "late ends, dates before a new suite missing": Reading(change=drop_old_booking_dates),
    "late ends, dates before a new suite its first day": Reading(change=stamp_old_booking_dates),
    "lag that shortens": WITH_RULES,
    "lag that lengthens": WITH_RULES,
}
WORDS = {
    "n_exits": "exits, any destination",
    "n_work": "exits to work",
    "n_entries": "entries",
    "incidence": "off benefit within a year, entrants since 2023",
}


def chosen(flows: pd.DataFrame, months: int | tuple[date, date]) -> pd.DataFrame:
    """The months that a case looks at."""
    if isinstance(months, tuple):
        return flows[flows["month"].between(*map(pd.Timestamp, months))]
    return flows.tail(months) if months else flows


def plant(population: str, n_clients: int, seed: int) -> Town:
    """One town of a population."""
    town = build_town(POPULATIONS[population], n_clients, seed)
    if population == "late resumption":
        return book_resumptions_as_starts(town, START_LAG, seed)
    return town


def measure(seed: int, n_clients: int) -> pd.DataFrame:
    """Every case and every lag of one seed, in long form."""
    rows: list[dict] = []
    for population in POPULATIONS:
        town = plant(population, n_clients, seed)
        cases = [case for case in CASES if case.population == population]
        readings = {"without": cases[0].without, "with": WITH_RULES}
        for name, reading in readings.items():
            rows += [r | {"reading": name} for r in read_flows(town, reading, cases)]
        rows += [r for label in LAGS if label.startswith(population) for r in read_lag(town, label)]
    return pd.DataFrame(rows).assign(seed=seed)


def read_flows(town: Town, reading: Reading, cases: list[Case]) -> list[dict]:
    """Bias of each hazard of the cases, and the share of newcomers that left within a year."""
    cleaned = clean_town(town, reading)
    flows = compare_flows(found_flows(cleaned), true_flows(town))
    rows = [
        {
            "population": case.population,
            "months": str(case.months),
            "what": count,
            "value": bias(chosen(flows, case.months), count),
            "true": chosen(flows, case.months)[f"{count}_true"].sum()
            / chosen(flows, case.months)["n_persons_true"].sum(),
            "unbooked": unbooked_share(town, chosen(flows, case.months)),
        }
        for case in cases
        for count in case.counts
    ]
    if cases[0].population == "late resumption":
        return rows  # read a year before, when most of those newcomers were yet to come
    share = {"what": "incidence", "months": "", "population": cases[0].population}
    found = found_incidence(cleaned)
    return [
        *rows,
        share | found | {"value": found["estimate"], "true": true_incidence(town.spells)},
    ]


def unbooked_share(town: Town, flows: pd.DataFrame) -> float:
    """Of the true exits of these months, the share not booked on the extract date."""
    until = flows["month"].max() + pd.offsets.MonthBegin()
    ended = town.lags.filter(pl.col("end").is_between(flows["month"].min(), until, closed="right"))
    booked = ended["end"] + timedelta(days=1) * ended["lag"]
    return float((booked > EXTRACT).mean())


def read_lag(town: Town, label: str) -> list[dict]:
    """Quantiles of the lag of the last two years: true, of booked ends alone, and estimated."""
    recent = town.lags.filter(town.lags["end"] > EXTRACT - timedelta(days=730))
    booked = recent.filter(recent["end"] + timedelta(days=1) * recent["lag"] <= EXTRACT)
    estimated = clean_town(town, LAGS[label]).booking_lag_days
    return [
        {
            "population": label,
            "what": name,
            "true": recent["lag"].quantile(q),
            "naive": booked["lag"].quantile(q),
            "value": estimated[name],
        }
        for name, q in (("median", 0.5), ("p95", 0.95))
    ]


def mean_error(values: pd.Series) -> tuple[float, float]:
    """Mean over seeds and its Monte-Carlo standard error."""
    return float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values)))


def flow_lines(rows: pd.DataFrame) -> list[str]:
    """The first table."""
    lines = [
        "| planted | months | what | truth | bias without the rule | bias with the rules |"
        " not booked by then |",
        "|---|---|---|---|---|---|---|",
    ]
    names = {"0": "all", str(TOZO_MONTHS): "2020-03 to 2021-12"}
    hazards = rows[rows["reading"].notna() & (rows["what"] != "incidence")]
    for (population, months, what), part in hazards.groupby(
        ["population", "months", "what"], sort=False
    ):
        cells = [
            "{:+.1f}% ({:.1f})".format(*(100 * x for x in mean_error(of["value"])))
            for of in (part[part["reading"] == r] for r in ("without", "with"))
        ]
        true = part[part["reading"] == "with"]["true"].mean()
        unbooked = 100 * part[part["reading"] == "with"]["unbooked"].mean()
        text = names.get(months, f"last {months}")
        lines.append(f"| {population} | {text} | {WORDS[what]} | {100 * true:.2f}% a month | "
                     f"{' | '.join(cells)} | {unbooked:.1f}% |")  # fmt: skip
    return lines


def incidence_lines(rows: pd.DataFrame) -> list[str]:
    """The share of newcomers off benefit within a year, and how often its interval holds truth."""
    lines = [
        f"| planted | {WORDS['incidence']}: truth | without the rule, intervals that hold it |"
        " with the rules, intervals that hold it |",
        "|---|---|---|---|",
    ]
    for population, part in rows[rows["what"] == "incidence"].groupby("population", sort=False):
        true, cells = part[part["reading"] == "with"]["true"].mean(), []
        for of in (part[part["reading"] == r] for r in ("without", "with")):
            holds = ((of["conf_low"] <= true) & (true <= of["conf_high"])).mean()
            mean, error = mean_error(of["value"])
            cells.append(f"{100 * mean:.1f}% ({100 * error:.1f}), {100 * holds:.0f}%")
        lines.append(f"| {population} | {100 * true:.1f}% | {' | '.join(cells)} |")
    return lines


def lag_lines(rows: pd.DataFrame) -> list[str]:
    """The lag table."""
    lines = [
        "| lag of ends, days | quantile | truth | of booked ends alone | estimated |",
        "|---|---|---|---|---|",
    ]
    lags = rows[rows["reading"].isna()]
    for (population, what), part in lags.groupby(["population", "what"], sort=False):
        cells = ["{:.0f} ({:.1f})".format(*mean_error(part[c])) for c in ("true", "naive", "value")]
        lines.append(f"| {population} | {what} | {' | '.join(cells)} |")
    return lines


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--clients", type=int, default=1500)
    given = parser.parse_args()
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        parts = list(pool.map(partial(measure, n_clients=given.clients), range(given.seeds)))
    rows = pd.concat(parts)
    tables = [flow_lines(rows), incidence_lines(rows), lag_lines(rows)]
    sys.stdout.write("\n\n".join("\n".join(lines) for lines in tables) + "\n")


if __name__ == "__main__":
    main()
