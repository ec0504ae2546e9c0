"""A01-A04 and W01: who holds whom, and for how many hours."""

from cleaning_tables import clean, counts, drawn, shown

CASEWORKERS = """
    caseworker_id  start_date  role    fte  team_id
    w1             2018-01-01  work    1.0  t1
    w2             2018-01-01  work    0.8  t1
    i1             2018-01-01  income  -    t2
"""


def test_orphans_and_empty_assignments_are_quarantined():
    cleaned = clean(
        clients="""
        person_id  birth_year  sex
        ann        1980        female
        """,
        assignments="""
        person_id  caseworker_id  start_date  end_date
        ann        w1             2020-01-01  2020-01-01
        nobody     w1             2020-01-01  -
        ann        w1             2020-02-01  2020-03-01
        """,
    )
    assert counts(cleaned, "assignments") == {"A01 quarantine": 1, "A02 quarantine": 1}


def test_the_latest_start_wins_within_a_role_and_roles_may_overlap():
    cleaned = clean(
        caseworkers=CASEWORKERS,
        assignments="""
        person_id  caseworker_id  start_date  end_date
        ann        w1             2020-01-01  2020-12-01
        ann        i1             2020-01-01  -
        ann        w2             2020-06-01  -
        ann        w1             2021-01-01  -
        bo         w1             2020-01-01  2020-06-01
        bo         w2             2020-06-01  -
        """,
    )
    assert counts(cleaned, "assignments") == {"A03 repair": 2}
    columns = "person_id caseworker_id start_date end_date is_overlapping"
    assert shown(cleaned.tables["assignments"], columns) == drawn("""
        person_id  caseworker_id  start_date  end_date    is_overlapping
        ann        w1             2020-01-01  2020-06-01  yes
        ann        i1             2020-01-01  -           no
        ann        w2             2020-06-01  2021-01-01  yes
        ann        w1             2021-01-01  -           no
        bo         w1             2020-01-01  2020-06-01  no
        bo         w2             2020-06-01  -           no
    """)


def test_of_two_that_start_on_one_day_the_last_in_the_file_holds_and_the_other_is_kept_aside():
    cleaned = clean(
        caseworkers=CASEWORKERS,
        assignments="""
        person_id  caseworker_id  start_date  end_date
        ann        w1             2020-01-01  2020-12-01
        ann        w2             2020-01-01  -
        ann        i1             2020-01-01  2021-01-01
        """,
    )
    assert counts(cleaned, "assignments") == {"A03 quarantine": 1}
    assert cleaned.quarantine["assignments"]["caseworker_id"].to_list() == ["w1"]


def test_a_planned_hand_over_ends_nothing_yet():
    cleaned = clean(
        assignments="""
        person_id  caseworker_id  start_date  end_date
        ann        w1             2020-01-01  -
        ann        w2             2025-02-01  -
        bo         w1             2020-01-01  2020-03-01
        """
    )
    assert counts(cleaned, "assignments") == {"X01 flag": 1}
    assert cleaned.tables["assignments"]["end_date"].null_count() == 2


def test_without_any_ended_assignment_there_is_no_history():
    current = """
        person_id  caseworker_id  start_date
        ann        w1             2020-01-01
        bo         w2             2020-06-01
    """
    cleaned = clean(assignments=current)
    assert counts(cleaned, "assignments") == {"A04 flag": 2}
    assert cleaned.tables["assignments"]["is_without_history"].all()


def test_a_caseworker_without_fte_counts_per_head():
    cleaned = clean(caseworkers=CASEWORKERS)
    assert counts(cleaned, "caseworkers") == {"W01 flag": 1}
    assert cleaned.tables["caseworkers"]["is_per_head"].to_list() == [False, False, True]
