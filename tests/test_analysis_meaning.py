"""What the rules of meaning do: short gaps, the CBS's month, schemes that do not count."""

from datetime import date

import polars as pl
import pytest

from analysis_panels import EXACT
from disclosure_tables import cells_of, drawn
from prepared_towns import prepare
from watwerkt.analysis import meaning
from watwerkt.analysis.incidence import Window
from watwerkt.disclosure.gap import NO_EXITS

WINDOW = Window(date(2021, 1, 1), date(2023, 1, 1))
GAPS = """
    person_id benefit_id start_date end_date
    ann       a1         2020-01-01 2021-03-01
    ann       a2         2021-03-11 2022-03-01
    bo        b1         2020-01-01 2021-03-01
    bo        b2         2021-04-20 -
    cy        c1         2020-01-01 2021-03-01
    cy        c2         2021-03-11 2021-03-21
    dee       d1         2020-01-01 2021-03-01
    dee       d2         2021-03-01 -
    eve       e1         2020-01-01 -
"""


def test_exits_by_three_rules_for_short_gaps():
    """Ann's ten days are an exit only if every gap is; bo was off for 50 days by every rule.

    Cy left twice within a month: one exit by the own rule, and two for the CBS, since a month after
    either there is no benefit. Dee only changed benefit, on the day.
    """
    found = meaning.exits_by_rule(prepare(benefits=GAPS), WINDOW, EXACT)
    assert drawn(found.frame) == cells_of("""
        year n_exits_any_gap n_exits_own_rule n_exits_cbs
        2021 40              20               30
        2022 10              10               10
    """)


def test_a_month_later_counts_whoever_has_no_benefit_then():
    """By the CBS both of cy's exits count: a month after either there is no benefit."""
    cy = "\n".join(line for line in GAPS.splitlines() if "ann" not in line and "bo" not in line)
    found = meaning.exits_by_rule(prepare(benefits=cy), WINDOW, EXACT).frame
    assert found[["n_exits_any_gap", "n_exits_own_rule", "n_exits_cbs"]].to_numpy().tolist() == [
        [20, 10, 20]
    ]


SCHEMES = """
    person_id benefit_id scheme start_date end_date
    ann       a1         PW     2020-01-01 2021-03-01
    ann       a2         Tozo   2021-03-01 2021-09-01
    bo        b1         Tozo   2021-02-01 2021-05-01
    cy        c1         PW     2020-01-01 2021-03-01
    dee       d1         PW     2020-01-01 -
"""


def test_exits_with_every_scheme_move_to_where_the_last_scheme_ends():
    """Ann leaves PW for Tozo: an exit as counted here, and else one when Tozo ends, as bo's."""
    found = meaning.exits_by_rule(prepare(benefits=SCHEMES), WINDOW, EXACT).frame
    assert found[["n_exits_own_rule", "n_exits_all_schemes"]].to_numpy().tolist() == [[20, 30]]


def test_the_stock_with_and_without_other_schemes_on_the_first_of_each_month():
    found = meaning.stock_by_scheme_rule(prepare(benefits=SCHEMES), WINDOW, EXACT).frame
    stock = found.pivot(index="month", columns="schemes", values="n_persons")
    assert len(stock) == 24
    for month, counted, every in [
        ("2021-01-01", 30, 30),
        ("2021-02-01", 30, 40),
        ("2021-03-01", 10, 30),
        ("2021-05-01", 10, 20),
        ("2021-09-01", 10, 10),
    ]:
        assert stock.loc[month].tolist() == [counted, every]


def test_without_other_schemes_there_is_one_way_to_count():
    prepared = prepare(benefits=GAPS)
    assert meaning.stock_by_scheme_rule(prepared, WINDOW, EXACT) is meaning.NO_OTHER_SCHEMES
    assert "n_exits_all_schemes" not in meaning.exits_by_rule(prepared, WINDOW, EXACT).frame
    nobody = prepare(benefits="person_id start_date\nann 2020-01-01")
    assert meaning.exits_by_rule(nobody, WINDOW, EXACT) is NO_EXITS


@pytest.mark.parametrize("days", [0, 30, 31, 60])
def test_the_own_rule_counts_the_exits_of_the_spells_that_were_made_with_it(days):
    prepared = prepare(benefits=GAPS, about={"params": {"max_gap_days": days}})
    again = prepare(benefits=GAPS)
    ends = again.spells.filter(pl.col("end_date") < WINDOW.until).collect().height
    n_exits = meaning.exits_by_rule(prepared, WINDOW, EXACT).frame["n_exits_own_rule"].sum()
    assert (n_exits == ends) == (days in (30, 31))
