"""D01, D02, D03 and X01: the rules that every table passes."""

from datetime import date

import polars as pl
import pytest

from cleaning_tables import clean, counts, drawn, shown
from watwerkt.cleaning.repeats import find_repeated


def test_an_exact_duplicate_is_merged_and_rows_with_other_content_are_not():
    cleaned = clean(
        contacts="""
        contact_id  person_id  contact_date  channel
        c1          ann        2020-01-01    phone
        c1          ann        2020-01-01    phone
        c2          ann        2020-01-02    phone
        c1          ann        2020-01-01    phone
        """
    )
    assert counts(cleaned, "contacts") == {"D01 merge": 2}
    assert cleaned.tables["contacts"]["contact_id"].to_list() == ["c1", "c2"]


def test_of_one_key_with_other_content_the_latest_registered_stays():
    cleaned = clean(
        benefits="""
        person_id  start_date  end_date    registered_date  end_registered_date
        ann        2020-01-01  2020-05-01  2020-01-10       2020-06-01
        ann        2020-01-01  -           2020-01-10       -
        bo         2020-01-01  2020-03-01  -                -
        bo         2020-01-01  2020-04-01  -                -
        """
    )
    assert counts(cleaned, "benefits") == {"D02 quarantine": 2}
    assert shown(cleaned.spells, "person_id end_date") == drawn("""
        person_id  end_date
        ann        2020-05-01
        bo         2020-04-01
    """)
    assert cleaned.quarantine["benefits"]["end_date"].to_list() == [None, date(2020, 3, 1)]
    assert cleaned.quarantine["benefits"]["rule"].to_list() == ["D02", "D02"]


def test_a_person_on_many_rows_of_a_flat_export_becomes_one_and_the_older_rows_are_kept_aside():
    cleaned = clean(
        clients="""
        person_id  birth_year  sex     household_type
        ann        1980        female  single
        ann        1980        female  single
        ann        1980        female  couple
        """
    )
    assert counts(cleaned, "clients") == {"D01 merge": 1, "D02 quarantine": 1}
    assert shown(cleaned.tables["clients"], "person_id household_type") == drawn("""
        person_id  household_type
        ann        couple
    """)


def test_keys_that_differ_only_in_codes_nobody_knows_are_one_key():
    cleaned = clean(
        chain_events="""
        person_id  step    event_date
        ann        kofje   2020-01-01
        ann        borrel  2020-01-01
        ann        intake  2020-01-01
        """
    )
    assert counts(cleaned, "chain_events") == {"D02 quarantine": 1, "D03 repair": 1}
    assert cleaned.tables["chain_events"]["step"].to_list() == ["unknown", "intake"]


def test_an_unknown_code_becomes_unknown_a_missing_one_stays_missing():
    cleaned = clean(
        contacts="""
        person_id  contact_date  channel   purpose
        ann        2020-01-01    phone     progress
        ann        2020-01-02    telegram  gossip
        ann        2020-01-03    unknown   -
        """
    )
    assert counts(cleaned, "contacts") == {"D03 repair": 1}
    assert shown(cleaned.tables["contacts"], "channel purpose is_code_repaired") == drawn("""
        channel  purpose   is_code_repaired
        phone    progress  no
        unknown  unknown   yes
        unknown  -         no
    """)


def test_the_value_of_a_trait_follows_the_list_of_that_trait():
    cleaned = clean(
        traits="""
        person_id  trait                   value  valid_from
        ann        labour_market_distance  3      2020-01-01
        ann        labour_market_distance  9      2021-01-01
        ann        district_id             9      2021-01-01
        """
    )
    assert counts(cleaned, "traits") == {"D03 repair": 1}
    assert cleaned.tables["traits"]["value"].to_list() == ["3", "unknown", "9"]


def test_what_is_planned_after_the_extract_is_not_yet_known():
    cleaned = clean(
        benefits="""
        person_id  start_date  end_date    exit_reason  end_registered_date
        ann        2024-01-01  2025-02-01  11           2024-12-20
        """,
        services="""
        service_id  person_id  type      start_date  end_date    end_reason
        s1          ann        training  2024-06-01  2025-06-01  completed
        s2          ann        training  2025-02-01  -           -
        """,
    )
    assert counts(cleaned, "benefits") == counts(cleaned, "services") | {"X01 flag": 1}
    assert counts(cleaned, "services") == {"X01 flag": 2}
    columns = "end_date exit_reason exit_destination end_registered_date is_planned"
    assert shown(cleaned.tables["benefits"], columns) == drawn("""
        end_date  exit_reason  exit_destination  end_registered_date  is_planned
        -         -            -                 -                    yes
    """)
    columns = "service_id end_date end_reason is_planned"
    assert shown(cleaned.tables["services"], columns) == drawn("""
        service_id  end_date  end_reason  is_planned
        s1          -         -           yes
        s2          -         -           yes
    """)


def test_the_month_of_state_pension_may_lie_ahead():
    cleaned = clean(
        clients="""
        person_id  birth_year  sex   aow_month
        ann        1980        male  2047-04-01
        """
    )
    assert counts(cleaned, "clients") == {}


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (["a"], [True, True, False, True, True]),
        (["a", "b"], [False, False, False, True, True]),
        (["b"], [True, False, True, True, True]),
    ],
)
def test_find_repeated_counts_missing_as_equal(key, expected):
    frame = pl.DataFrame({"a": ["x", "x", "y", None, None], "b": [1, 2, 1, 1, 1]})
    assert find_repeated(frame, key).to_list() == expected
