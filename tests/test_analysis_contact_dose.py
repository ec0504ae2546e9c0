"""What counts as how many, how long ago and by which channel; and nothing in nothing."""

import numpy as np
import polars as pl

from analysis_panels import EXACT, contacts_of, panel, town
from watwerkt.analysis.contact_dose import fit_doses, odds_by_dose
from watwerkt.analysis.contact_months import _add_channels, _latest, build_months
from watwerkt.disclosure.gap import NO_CONTACTS

TOWN = town(n_persons=500, n_caseworkers=12)
FITS = fit_doses(build_months(TOWN.lazy(), contacts_of(TOWN)))


def test_the_latest_talk_leaves_the_last_month_out():
    drawn = panel(
        """
        person_id month      n_contacts_1m n_contacts_3m n_contacts_6m n_contacts_lag_2_4
        ann       2021-05-01 1             1             1             0
        bo        2021-05-01 1             2             2             1
        cy        2021-05-01 0             0             1             1
        dee       2021-05-01 0             0             1             0
        eve       2021-05-01 0             0             0             0
        """,
        times=1,
    )
    found = drawn.select("person_id", latest=_latest()).sort("person_id").collect()
    assert found["latest"].to_list() == ["longer", "2-3", "4", "5-6", "longer"]


def test_a_channel_counts_two_to_four_months_later():
    months = "\n".join(f"ann 2021-{m:02}-01" for m in range(1, 8))
    contacts = contacts_of(
        panel("person_id month n_contacts_month\nann 2021-02-01 1", times=1).collect()
    )
    drawn = panel(f"person_id month\n{months}", times=1)
    found = _add_channels(drawn, contacts).sort("month").collect()
    assert found["phone"].fill_null(False).to_list() == [False] * 3 + [True] * 3 + [False]
    assert not found["video"].fill_null(False).any()


def test_where_nothing_works_no_number_of_talks_does():
    rows = odds_by_dose(FITS, "number", EXACT, 0.999).frame
    assert rows["term"].tolist() == ["number[1]", "number[2]", "number[3]"]
    assert ((rows["conf_low"] < 0) & (rows["conf_high"] > 0)).all()
    assert (rows["mde"] > 0).all()
    assert set(rows["status"]) == {"indicative"}
    assert not rows["is_primary"].any()


def test_the_latest_talk_is_compared_with_one_longer_ago():
    rows = odds_by_dose(FITS, "latest", EXACT, 0.999).frame
    assert rows["term"].tolist() == ["latest[5-6]", "latest[4]", "latest[2-3]"]
    assert ((rows["conf_low"] < 0) & (rows["conf_high"] > 0)).all()


def test_a_channel_that_is_never_used_is_recorded_as_not_estimable():
    rows = odds_by_dose(FITS, "channel", EXACT, 0.95).frame
    assert rows["term"].tolist() == ["in_person", "phone", "video"]
    assert rows["estimate"].isna().all()
    assert rows["note"].str.startswith("not estimable").all()


def test_channels_have_a_figure_each():
    talks = contacts_of(TOWN).with_row_index("i")
    channel = pl.col("i").mod(3).replace_strict({0: "video", 1: "phone", 2: "home_visit"})
    fits = fit_doses(build_months(TOWN.lazy(), talks.with_columns(channel=channel)))
    rows = odds_by_dose(fits, "channel", EXACT, 0.999).frame
    assert rows["term"].tolist() == ["in_person", "phone", "video"]
    assert np.isfinite(rows["estimate"]).all()


def test_without_contacts_there_is_nothing_to_take_apart():
    silent = TOWN.lazy().with_columns(is_contact_known=pl.lit(None, pl.Boolean))
    assert fit_doses(build_months(silent, None)) == {}
    assert odds_by_dose({}, "number", EXACT, 0.95) is NO_CONTACTS
