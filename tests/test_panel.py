"""The panel as a whole: what must not change it, and the traits and terms of a month."""

from datetime import date
from itertools import pairwise
from types import SimpleNamespace

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from panel_tables import clean, drawn, frame, panel, shown, table
from watwerkt.cleaning.clean import clean_delivery
from watwerkt.intake.delivery import Delivery
from watwerkt.panel.build import build_panel
from watwerkt.panel.columns import PANEL_COLUMNS

SPELLS = """
    person_id  start_date  end_date
    ann        2020-01-10  2020-03-01
    bo         2020-02-01  -
"""
DAY = st.dates(date(2019, 6, 1), date(2021, 1, 31))
PERSON = st.sampled_from(["ann", "bo", "cy", "di", "ed"])
WORKER = st.sampled_from(["w1", "w2", "w3"])


def rows(columns: dict[str, st.SearchStrategy], max_size: int = 12) -> st.SearchStrategy:
    """Lists of rows with ``columns``."""
    return st.lists(st.fixed_dictionaries(columns), min_size=1, max_size=max_size)


@st.composite
def deliveries(draw: st.DrawFn) -> SimpleNamespace:
    """A clean delivery with every table the panel reads, drawn at random."""
    lives = draw(st.dictionaries(PERSON, st.lists(DAY, min_size=1, max_size=4, unique=True)))
    spells = [
        {"person_id": person, "start_date": start, "end_date": end}
        for person, days in (lives or {"ann": [date(2020, 1, 1)]}).items()
        for start, end in zip(sorted(days)[::2], [*sorted(days)[1::2], None], strict=False)
    ]
    period = {"person_id": PERSON, "start_date": DAY, "end_date": st.none() | DAY}
    made = {
        "assignments": draw(rows(period | {"caseworker_id": WORKER})),
        "services": draw(rows(period)),
        "contacts": draw(
            rows(
                {
                    "person_id": PERSON,
                    "caseworker_id": WORKER,
                    "contact_date": DAY,
                    "channel": st.sampled_from(["phone", "in_person", "home_visit", "video"]),
                    "initiative": st.sampled_from(["client", "municipality", None]),
                    "is_reached": st.booleans(),
                    "phase": st.sampled_from(["during", "during", "before", "after"]),
                },
                max_size=40,
            )
        ),
        "traits": draw(
            rows(
                {
                    "person_id": PERSON,
                    "trait": st.sampled_from(["labour_market_distance", "exemption"]),
                    "value": st.sampled_from(["1", "none", "urgent_reasons"]),
                    "valid_from": DAY,
                }
            )
        ),
        "admin_errors": draw(rows({"person_id": PERSON, "error_date": DAY})),
    }
    return clean(
        frame(spells),
        caseworkers="""
            caseworker_id  team_id  role    fte  start_date  end_date    leave_reason
            w1             t1       work    0.8  2018-01-01  2020-07-01  left
            w1             t2       work    0.5  2020-07-01  -           -
            w2             t1       income  1.0  2018-01-01  -           -
            w3             t1       mixed   0.6  2020-03-10  -           -
        """,
        registration="""
            team_id  month       n_contacts  n_clients  is_collapsed
            t1       2020-05-01  0           9          yes
        """,
        **{name: frame(listed) for name, listed in made.items()},
    )


@given(deliveries(), st.integers(1, 7), st.randoms(use_true_random=False))
@settings(max_examples=15)
def test_neither_the_partitions_nor_the_order_of_rows_matter(cleaned, n_partitions, random):
    whole = pl.concat(build_panel(cleaned))
    parts = list(build_panel(cleaned, n_partitions))
    assert len(parts) <= n_partitions
    assert_frame_equal(pl.concat(parts), whole)
    seed = random.randrange(1000)
    shuffled = {
        name: table.sample(fraction=1, shuffle=True, seed=seed)
        for name, table in cleaned.tables.items()
    }
    spells = cleaned.spells.sample(fraction=1, shuffle=True, seed=seed)
    mixed = SimpleNamespace(**{**vars(cleaned), "tables": shuffled, "spells": spells})
    assert_frame_equal(pl.concat(build_panel(mixed)), whole)


@given(deliveries())
@settings(max_examples=15)
def test_a_person_has_one_row_a_month(cleaned):
    whole = pl.concat(build_panel(cleaned))
    assert dict(whole.schema) == PANEL_COLUMNS
    assert whole.select("person_id", "month").is_unique().all()
    assert whole.select("person_id", "month").rows() == sorted(
        whole.select("person_id", "month").rows()
    )


def test_without_anyone_the_panel_is_empty_and_whole():
    nobody = table(SPELLS).clear()
    frames = list(build_panel(clean(nobody), 4))
    assert [dict(empty.schema) for empty in frames] == [PANEL_COLUMNS]
    assert frames[0].is_empty()


def test_a_trait_is_the_one_known_on_the_first_day_at_risk_and_missing_before_any():
    frame = panel(
        SPELLS,
        window=("2020-01", "2020-03"),
        traits="""
            person_id  trait                   value   valid_from
            ann        labour_market_distance  2       2020-01-10
            ann        labour_market_distance  3       2020-02-02
            ann        exemption               none    2019-01-01
            ann        exemption               urgent  2020-02-01
            bo         labour_market_distance  5       2020-03-02
        """,
        clients="""
            person_id  birth_year  sex     education  labour_market_distance
            ann        1975        female  low        6
            bo         1990        male    -          6
        """,
    )
    columns = ["person_id", "month", "labour_market_distance", "is_trait_dated", "is_exempt"]
    assert shown(frame, *columns, "education", "age_years") == drawn("""
        person_id month    labour_market_distance  is_trait_dated  is_exempt  education  age_years
        ann       2020-01  2                       yes             no         low        45
        ann       2020-02  2                       yes             yes        low        45
        bo        2020-02  -                       yes             no         -          30
        bo        2020-03  -                       yes             no         -          30
    """)


def test_an_undated_distance_is_shown_but_says_so():
    frame = panel(
        SPELLS,
        clients="""
            person_id  birth_year  sex     labour_market_distance
            ann        1975        female  6
            bo         1990        male    1
        """,
    )
    assert frame["labour_market_distance"].to_list()[:2] == ["6", "6"]
    assert not frame["is_trait_dated"].any()


def test_terms_are_those_of_the_payment_period_of_the_first_day_at_risk():
    frame = panel(
        SPELLS,
        window=("2020-01", "2020-04"),
        periods="""
            person_id  start_date  end_date    exemption       part_time_income_eur_month
            ann        2020-01-10  2020-02-01  none            -
            ann        2020-02-01  2020-03-01  urgent_reasons  300
            bo         2020-02-01  2020-03-15  unknown         0
            bo         2020-03-15  -           none            150
        """,
    )
    assert shown(frame, "person_id", "month", "is_exempt", "has_part_time_work") == drawn("""
        person_id  month    is_exempt  has_part_time_work
        ann        2020-01  no         no
        ann        2020-02  yes        yes
        bo         2020-02  -          no
        bo         2020-03  -          no
        bo         2020-04  no         yes
    """)


def test_a_job_of_the_month_before_beside_the_benefit_is_part_time_work():
    """Not the job that was lost before entry, nor the one that ended the benefit."""
    jobs = """
        person_id  month       hours_month
        ann        2019-12-01  80
        ann        2020-02-01  140
        bo         2020-02-01  20
        bo         2020-03-01  0
    """
    periods = """
        person_id  start_date  end_date  part_time_income_eur_month
        ann        2020-01-10  -         900
    """
    spells = SPELLS + "    cy 2019-01-01 -"
    frame = panel(spells, window=("2020-01", "2020-04"), jobs=jobs, periods=periods)
    assert shown(frame, "person_id", "month", "has_part_time_work") == drawn("""
        person_id  month    has_part_time_work
        ann        2020-01  no
        ann        2020-02  no
        bo         2020-02  no
        bo         2020-03  yes
        bo         2020-04  no
        cy         2020-01  -
        cy         2020-02  no
        cy         2020-03  no
        cy         2020-04  no
    """)


def test_services_count_on_the_first_day_and_errors_in_the_month():
    frame = panel(
        SPELLS,
        window=("2020-01", "2020-03"),
        services="""
            person_id  service_id  start_date  end_date
            bo         1           2020-01-15  2020-03-01
            bo         2           2020-02-01  -
            bo         3           2020-02-02  2020-02-28
        """,
        admin_errors="""
            person_id  error_date
            bo         2020-02-01
            bo         2020-02-29
            ann        2020-03-01
        """,
    )
    assert shown(frame, "person_id", "month", "n_services_active", "n_errors_month") == drawn("""
        person_id  month    n_services_active  n_errors_month
        ann        2020-01  0                  0
        ann        2020-02  0                  0
        bo         2020-02  2                  2
        bo         2020-03  1                  0
    """)


BORDERS = st.sets(st.sampled_from([date(2020, month, 1) for month in range(2, 13)]))


@given(BORDERS)
@settings(max_examples=20)
def test_payment_periods_split_at_month_borders_are_the_same_panel(borders):
    edges = [date(2019, 11, 20), *sorted(borders), date(2020, 12, 20)]
    whole = _cleaned([(edges[0], edges[-1])])
    split = _cleaned(list(pairwise(edges)))
    assert_frame_equal(pl.concat(build_panel(split)), pl.concat(build_panel(whole)))


def _cleaned(periods: list[tuple[date, date]]) -> object:
    """One benefit paid in ``periods``, cleaned by the real rules."""
    benefits = frame(
        [
            {"person_id": "ann", "benefit_id": "b", "start_date": start, "end_date": end}
            for start, end in periods
        ]
    ).with_columns(
        scheme=pl.lit("PW"),
        exemption=pl.lit("none"),
        exit_reason=pl.when(pl.col("end_date") == periods[-1][1]).then(pl.lit("11")),
    )
    about = clean(SPELLS, observed_until=date(2021, 6, 1)).about
    clients = table("person_id birth_year sex\n ann 1980 female")
    return clean_delivery(Delivery(about, {"clients": clients, "benefits": benefits}, {}))
