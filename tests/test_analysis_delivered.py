"""Whatever is delivered, chapter 01 says something of it: a table or a gap, never a crash."""

from functools import cache

import numpy as np
import pytest

from disclosure_tables import POLICY
from prepared_towns import prepare
from watwerkt.analysis import (
    anonymity,
    booking,
    coverage,
    handling,
    meaning,
    reasons,
    received,
    registration,
    verdict,
)
from watwerkt.analysis.facts import gather_facts
from watwerkt.analysis.incidence import Window
from watwerkt.disclosure import Gap
from watwerkt.panel.prepared import Prepared
from watwerkt.publish.language import Translator

ON_BENEFIT = "person_id start_date\nann 2018-01-01\nbo 2020-05-01"
LEFT = "person_id start_date end_date\nann 2018-01-01 2021-03-01\nbo 2020-05-01 2022-03-01"
TALKS = "person_id contact_date channel\nann 2020-01-05 phone\nann 2020-02-05 letter"
DELIVERIES = {
    "no benefits": {"clients": "person_id birth_year sex\nann 1980 female"},
    "no ends": {"benefits": ON_BENEFIT},
    "no reasons": {"benefits": LEFT},
    "only Tozo": {
        "benefits": "person_id scheme start_date end_date\nann Tozo 2020-03-01 2020-09-01"
    },
    "no caseworkers": {"benefits": LEFT, "contacts": TALKS},
    "contacts of nobody": {"benefits": LEFT, "contacts": "person_id contact_date channel"},
    "caseworkers without teams": {
        "benefits": LEFT,
        "contacts": "person_id contact_date channel caseworker_id\nann 2020-01-05 phone w1",
        "caseworkers": "caseworker_id start_date\nw1 2018-01-01",
    },
    "jobs without reasons": {"benefits": LEFT, "jobs": "person_id month\nann 2021-03-01"},
    "all after the extract": {"benefits": "person_id start_date\nann 2025-03-01"},
}
ANALYSES = {
    "accounts": lambda p, w: received.accounts_table(p.accounts, POLICY),
    "ledger": lambda p, w: received.ledger_table(p.ledger, POLICY),
    "sources": lambda p, w: received.sources_table(p, POLICY),
    "unread": lambda p, w: received.unread_table(p, POLICY),
    "rows": lambda p, w: coverage.rows_by_month(p, POLICY),
    "breaks": lambda p, w: coverage.breaks_table(p, POLICY),
    "booking": lambda p, w: booking.booking(p, POLICY),
    "share booked": lambda p, w: booking.share_booked(p, POLICY),
    "late outflow": lambda p, w: booking.late_outflow(p, POLICY),
    "to come": lambda p, w: booking.still_to_come(p, POLICY),
    "reasons": lambda p, w: reasons.reasons_by_year(p.spells, w, POLICY),
    "work": lambda p, w: reasons.work_confirmed(p.spells, p.table("jobs"), w, POLICY),
    "rules": lambda p, w: meaning.exits_by_rule(p, w, POLICY),
    "schemes": lambda p, w: meaning.stock_by_scheme_rule(p, w, POLICY),
    "team months": lambda p, w: registration.contacts_by_team_month(p.panel, POLICY),
    "teams": lambda p, w: registration.contacts_by_team(p.panel, p.table("registration"), POLICY),
    "flaws": lambda p, w: registration.flaws_by_year(p, POLICY),
    "flaws by team": lambda p, w: registration.flaws_by_team(p, POLICY),
    "handling": lambda p, w: handling.handling_by_year(p.panel, POLICY),
    "anonymity": lambda p, w: anonymity.anonymity_table(p, POLICY),
    "may use": lambda p, w: verdict.may_use_table(gather_facts(p), p.accounts, POLICY),
    "needs": lambda p, w: verdict.needs_table(gather_facts(p), p.accounts, POLICY),
}


@cache
def town(name: str) -> Prepared:
    return prepare(times=12, **DELIVERIES[name])


@pytest.mark.parametrize("analysis", ANALYSES)
@pytest.mark.parametrize("delivery", DELIVERIES)
def test_says_something(delivery, analysis):
    prepared = town(delivery)
    window = Window(coverage.count_rows(prepared)["month"].min(), prepared.observed_until)
    found = ANALYSES[analysis](prepared, window)
    if isinstance(found, Gap):
        assert Translator("nl").text(found.reason) != found.reason
    else:
        figures = found.frame.select_dtypes("number").to_numpy(float, na_value=np.nan)
        assert not np.isinf(figures).any()


@pytest.mark.parametrize("delivery", DELIVERIES)
def test_sentences_are_there_in_dutch(delivery):
    prepared, speak = town(delivery), Translator("nl").text
    may_use = verdict.may_use_table(gather_facts(prepared), prepared.accounts, POLICY)
    assert speak(verdict.verdict_sentence(may_use))
    assert speak(handling.source_sentence(prepared))
    assert booking.booking_sentence(prepared) in booking.BOOKING_LABELS.values()
