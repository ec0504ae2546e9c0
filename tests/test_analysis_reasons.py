"""Why benefits ended: unknown, other, the partner's, and what "work or sickness" is."""

from datetime import date

import pytest

from analysis_panels import EXACT
from prepared_towns import prepare
from watwerkt.analysis import reasons
from watwerkt.analysis.incidence import Window
from watwerkt.disclosure.gap import NO_EXITS

WINDOW = Window(date(2021, 1, 1), date(2022, 7, 1))
ENDED = """
    person_id benefit_id start_date end_date   exit_reason
    ann       a          2020-01-01 2021-02-10 11
    bo        b          2020-01-01 2021-03-10 98
    cy        c          2020-01-01 2021-04-10 -
    dee       a          2020-01-01 2021-02-10 97
    eve       e          2020-01-01 2021-05-10 97
    fay       f          2020-01-01 2022-05-10 11
    gil       g          2020-01-01 2020-05-10 98
    hal       h          2020-01-01 2022-08-10 98
    ivo       i          2020-01-01 -          -
"""


def by_year(prepared) -> dict[object, dict[str, int]]:
    found = reasons.reasons_by_year(prepared.spells, WINDOW, EXACT).frame.set_index("year")
    columns = ["n_exits", "n_unknown", "n_other", "n_partner", "n_partner_work"]
    return found[columns].to_dict("index")


def test_reasons_by_year_and_in_all_of_exits_within_the_window():
    """Dee's partner ann left for work; eve's partner did not. Gil and hal left outside it."""
    columns = ["n_exits", "n_unknown", "n_other", "n_partner", "n_partner_work"]
    assert by_year(prepare(benefits=ENDED)) == {
        2021: dict(zip(columns, [50, 10, 10, 20, 10], strict=True)),
        2022: dict(zip(columns, [10, 0, 0, 0, 0], strict=True)),
        "total": dict(zip(columns, [60, 10, 10, 20, 10], strict=True)),
    }


def test_without_any_reason_or_any_exit_there_is_nothing_to_say():
    bare = prepare(benefits="person_id start_date end_date\nann 2020-01-01 2021-02-10")
    assert reasons.reasons_by_year(bare.spells, WINDOW, EXACT) is reasons.NO_REASONS
    assert reasons.work_confirmed(bare.spells, None, WINDOW, EXACT) is reasons.NO_REASONS
    nobody = prepare(benefits="person_id start_date\nann 2020-01-01")
    assert reasons.reasons_by_year(nobody.spells, WINDOW, EXACT) is NO_EXITS


@pytest.mark.parametrize(
    ("job", "n_confirmed"),
    [("2021-01-01", 0), ("2021-02-01", 10), ("2021-03-01", 10), ("2021-04-01", 0)],
)
def test_a_job_in_the_month_of_leaving_or_the_next_confirms_work(job, n_confirmed):
    prepared = prepare(benefits=ENDED, jobs=f"person_id month\nann {job}\nbo 2021-03-01")
    (row,) = reasons.work_confirmed(
        prepared.spells, prepared.table("jobs"), WINDOW, EXACT
    ).frame.to_dict("records")
    assert (row["n_exits"], row["n_confirmed"]) == (20, n_confirmed)
    assert row["share_confirmed"] == pytest.approx(n_confirmed / 20)


def test_two_jobs_confirm_an_exit_once():
    jobs = "person_id month\nann 2021-02-01\nann 2021-03-01"
    prepared = prepare(benefits=ENDED, jobs=jobs)
    found = reasons.work_confirmed(prepared.spells, prepared.table("jobs"), WINDOW, EXACT)
    assert found.frame["n_confirmed"].tolist() == [10]


def test_what_cannot_be_confirmed_says_why():
    prepared = prepare(benefits=ENDED)
    assert reasons.work_confirmed(prepared.spells, None, WINDOW, EXACT) is reasons.NO_JOBS
    others = "\n".join(line for line in ENDED.splitlines() if " 11" not in line)
    town = prepare(benefits=others, jobs="person_id month\nbo 2021-03-01")
    found = reasons.work_confirmed(town.spells, town.table("jobs"), WINDOW, EXACT)
    assert found is reasons.NO_CODE_11
