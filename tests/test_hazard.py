"""The lagged hazard against statsmodels on person-months, and everything it must refuse."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.special import expit
from scipy.stats import t as student_t

from naive_worlds import contact_world
from watwerkt.errors import DataError
from watwerkt.estimators.estimates import Estimates
from watwerkt.estimators.hazard import add_duration_band, average_difference, discrete_hazard

ROW_LEVEL = {"rtol": 1e-8, "atol": 1e-10}  # another implementation of the same likelihood
NUMERIC = {"rtol": 1e-5}  # against a numerical derivative
NOMINAL_95 = 17  # of 20 intervals: 95% would miss this in 0.3% of runs, 80% in 59%


def person_months(seed: int = 1, n: int = 3000) -> pd.DataFrame:
    """Months with a text, a categorical, a date, a yes/no and two numeric covariates."""
    rng = np.random.default_rng(seed)
    months = pd.DataFrame(
        {
            "months_since_entry": rng.exponential(40, n).astype(int),
            "month": pd.Timestamp("2020-01-01") + pd.to_timedelta(31 * rng.integers(0, 6, n), "D"),
            "household_type": rng.choice(["single", "couple", "parent"], n),
            "n_earlier": rng.integers(0, 3, n),
            "log_caseload": rng.normal(4.5, 0.2, n).round(2),
            "dose": pd.Categorical(
                rng.choice(["none", "some", "much"], n), ["none", "some", "much"]
            ),
            "has_contact": rng.random(n) < 0.4,
            "caseworker_id": rng.choice([f"cw{i}" for i in range(25)], n),
        }
    ).pipe(add_duration_band)
    log_odds = -2.2 + 0.4 * months["has_contact"] + 0.3 * (months["dose"] == "much")
    log_odds += 0.2 * months["n_earlier"] - 0.5 * (months["household_type"] == "parent")
    gone = rng.random(n) < expit(log_odds)
    place = np.where(gone, rng.choice(["work", "other"], n), "stay")
    return months.assign(exit_destination=place)


COVARIATES = [
    "has_contact", "dose", "duration_band", "month", "household_type", "n_earlier", "log_caseload",
]  # fmt: skip


def fitted(months: pd.DataFrame, destination: str = "work", exposure=("has_contact", "dose")):
    return discrete_hazard(
        months[COVARIATES],
        months["exit_destination"] == destination,
        months["caseworker_id"],
        exposure=exposure,
        n_persons=700,
    )


def row_level(months: pd.DataFrame, destination: str):
    """statsmodels' logit on the person-months themselves, covariance clustered by caseworker."""
    numbers = ["n_earlier", "log_caseload"]
    levels = months[COVARIATES].drop(columns=numbers)
    dummies = pd.get_dummies(levels.astype("category"), drop_first=True, dtype=float)
    design = sm.add_constant(dummies.join(months[numbers].astype(float)))
    groups = pd.factorize(months["caseworker_id"])[0]
    model = sm.Logit((months["exit_destination"] == destination).astype(float), design)
    return model.fit(
        disp=0, cov_type="cluster", cov_kwds={"groups": groups}, tol=1e-12, method="newton"
    )


@pytest.mark.parametrize("destination", ["work", "other"])
def test_cells_give_the_fit_of_the_person_months(destination):
    months = person_months()
    ours, other = fitted(months, destination), row_level(months, destination)
    names = ["has_contact_True", "dose_some", "dose_much"]
    assert ours.term == ("has_contact", "dose[some]", "dose[much]")
    assert_allclose(ours.estimate, other.params[names], **ROW_LEVEL)
    assert_allclose(ours.std_error, other.bse[names], **ROW_LEVEL)
    assert len(ours.cells.trials) <= len(months)
    assert_allclose(np.sort(ours.coefficient), np.sort(other.params), **ROW_LEVEL)


def test_tidy_holds_the_counts_and_a_t_interval_with_one_degree_less_than_clusters():
    months = person_months()
    row = fitted(months).tidy(0.9).iloc[0]
    n_events = int((months["exit_destination"] == "work").sum())
    assert [row[c] for c in ("n_obs", "n_persons", "n_events", "n_clusters")] == [
        3000, 700, n_events, 25,
    ]  # fmt: skip
    half = student_t(24).ppf(0.95) * row["std_error"]
    assert_allclose([row["conf_low"], row["conf_high"]], row["estimate"] + half * np.array([-1, 1]))
    assert_allclose(row["p_value"], 2 * student_t(24).sf(abs(row["estimate"] / row["std_error"])))


def test_one_exposure_is_the_odds_ratio_of_a_two_by_two_table():
    counts = {(True, True): 40, (True, False): 160, (False, True): 30, (False, False): 270}
    rows = [pair for pair, n in counts.items() for _ in range(n)]
    table = pd.DataFrame(rows, columns=["contact", "left"])
    cluster = np.random.default_rng(1).integers(0, 10, len(table))
    fit = discrete_hazard(table[["contact"]], table["left"], cluster, ["contact"], 500)
    assert_allclose(fit.estimate, np.log((40 * 270) / (160 * 30)), **ROW_LEVEL)
    difference = average_difference(fit)
    assert_allclose([difference.estimate[0], difference.baseline[0]], [20 - 10, 10], **ROW_LEVEL)


def test_a_strong_exposure_is_found_though_newtons_first_step_overshoots():
    contact = np.repeat([True, False], [100, 4020])
    left = np.repeat([True, False, True, False], [90, 10, 20, 4000])
    table = pd.DataFrame({"contact": contact})
    cluster = np.random.default_rng(1).integers(0, 10, 4120)
    fit = discrete_hazard(table, left, cluster, ["contact"], 4120)
    assert_allclose(fit.estimate, np.log(90 * 4000 / (10 * 20)), **ROW_LEVEL)


def average_by_hand(months: pd.DataFrame, fit, name: str, low, high, coefficient) -> float:
    """Average fitted hazard with all at ``high`` minus with all at ``low``, row by row."""
    order = dict(zip(fit.cells.term, coefficient, strict=True))

    def hazard(frame: pd.DataFrame) -> pd.Series:
        total = pd.Series(order["intercept"], frame.index)
        for column in COVARIATES:
            if column in order and frame[column].dtype != bool:
                total += order[column] * frame[column]
            elif column in order:
                total += order[column] * frame[column].astype(float)
            else:
                total += (
                    frame[column].map(lambda x, c=column: order.get(f"{c}[{x}]", 0.0)).astype(float)
                )
        return expit(total)

    return (
        100 * (hazard(months.assign(**{name: high})) - hazard(months.assign(**{name: low}))).mean()
    )


@pytest.mark.parametrize(
    ("position", "name", "low", "high"),
    [(0, "has_contact", False, True), (2, "dose", "none", "much")],
)
def test_average_difference_is_standardisation_row_by_row(position, name, low, high):
    months = person_months().astype({"dose": str})
    fit = fitted(months.assign(dose=pd.Categorical(months["dose"], ["none", "some", "much"])))
    ours = average_difference(fit)

    def by_hand(coefficient):
        return average_by_hand(months, fit, name, low, high, coefficient)

    step = 1e-5
    moves = step * np.eye(len(fit.coefficient))
    gradient = [
        (by_hand(fit.coefficient + m) - by_hand(fit.coefficient - m)) / (2 * step) for m in moves
    ]
    assert_allclose(ours.estimate[position], by_hand(fit.coefficient), **ROW_LEVEL)
    error = np.sqrt(np.array(gradient) @ fit.covariance @ np.array(gradient))
    assert_allclose(ours.std_error[position], error, **NUMERIC)


def test_average_difference_of_a_number_is_that_of_one_unit_more():
    months = person_months()
    fit = fitted(months, exposure=["n_earlier"])
    ours = average_difference(fit)
    now = expit(fit.cells.design @ fit.coefficient)
    more = expit(fit.cells.design @ fit.coefficient + fit.estimate[0])
    expected = 100 * np.average(more - now, weights=fit.cells.trials)
    assert_allclose(ours.estimate, [expected], **ROW_LEVEL)


@settings(max_examples=15)
@given(st.integers(0, 10_000))
def test_the_order_of_rows_and_the_names_of_clusters_and_levels_do_not_matter(seed):
    rng = np.random.default_rng(seed)
    months = person_months(n=800)
    names = dict(zip(months["caseworker_id"].unique(), rng.permutation(25), strict=True))
    other = months.sample(frac=1, random_state=seed).assign(
        caseworker_id=lambda f: f["caseworker_id"].map(names),
        household_type=lambda f: f["household_type"].map(
            {"single": "c", "couple": "a", "parent": "b"}
        ),
    )
    first, second = fitted(months, exposure=["dose"]), fitted(other, exposure=["dose"])
    assert_allclose(first.estimate, second.estimate, **ROW_LEVEL)
    assert_allclose(first.std_error, second.std_error, **ROW_LEVEL)


def test_a_month_without_exits_is_left_out_and_changes_nothing_else():
    months = person_months()
    quiet = months["month"] == months["month"].min()
    months.loc[quiet, "exit_destination"] = "stay"
    ours, other = fitted(months), row_level(months[~quiet], "work")
    assert ours.cells.n_left_out == quiet.sum()
    assert ours.n_obs == (~quiet).sum()
    assert_allclose(ours.estimate[0], other.params["has_contact_True"], **ROW_LEVEL)


def test_an_adjusting_covariate_that_says_the_same_as_another_is_left_out():
    months = person_months()
    twice = months[COVARIATES].assign(same=months["household_type"].str.upper(), constant=1.0)
    event, cluster = months["exit_destination"] == "work", months["caseworker_id"]
    ours = discrete_hazard(twice, event, cluster, ["has_contact", "dose"], 700)
    assert_allclose(ours.estimate, fitted(months).estimate, **ROW_LEVEL)
    assert_allclose(ours.std_error, fitted(months).std_error, **ROW_LEVEL)


def test_neither_the_fit_nor_its_cells_show_rows():
    fit = fitted(person_months())
    assert len(repr(fit)) < 400
    assert len(repr(fit.cells)) < 1000


CONTACT = ["has_contact"]


def spoiled(case: str) -> tuple[pd.DataFrame, list[str]]:
    """Person-months with one thing wrong, and the exposure asked for."""
    months, rows = person_months(n=600), np.arange(600)
    gone = months["exit_destination"] == "work"
    match case:
        case "twelve rows":
            return months.head(12), CONTACT
        case "no exits":
            return months.assign(exit_destination="stay"), CONTACT
        case "all exits":
            return months.assign(exit_destination="work"), CONTACT
        case "nobody exposed":
            return months.assign(has_contact=False), CONTACT
        case "a constant number":
            return months.assign(log_caseload=4.0), ["log_caseload"]
        case "no exits among the exposed":
            return months.assign(has_contact=months["has_contact"] & ~gone), CONTACT
        case "exposure decides":
            return months.assign(has_contact=gone), CONTACT
        case "a number decides":
            return months.assign(log_caseload=np.where(gone, 5.0, 4.0) + rows / 1e4), CONTACT
        case "exposure is another covariate":
            same = months["has_contact"].map({True: "a", False: "b"})
            return months.assign(household_type=same), CONTACT
        case "one cluster":
            return months.assign(caseworker_id="cw0"), CONTACT
        case "exposed in one cluster only" | "exposed mostly in one cluster":
            first = months["caseworker_id"] == "cw0"
            half = np.where(rows[: first.sum()] % 2, "work", "stay")
            months.loc[first, "exit_destination"] = half
            some = (rows < 8) & (case == "exposed mostly in one cluster")
            return months.assign(has_contact=first | some), CONTACT
        case "missing covariate":
            return months.assign(n_earlier=months["n_earlier"].where(rows > 3)), CONTACT
        case "missing caseworker":
            return months.assign(caseworker_id=months["caseworker_id"].where(rows > 3)), CONTACT
        case _:
            return months, ["unheard_of"]


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("twelve rows", "at least 10"),
        ("no exits", "0 exits in 600 person-months"),
        ("all exits", "at least 10"),
        ("nobody exposed", "has_contact: does not vary"),
        ("a constant number", "log_caseload: does not vary"),
        ("no exits among the exposed", "has_contact: at 1 of 2 levels"),
        ("exposure decides", "has_contact: at 2 of 2 levels"),
        ("a number decides", "decides alone who leaves"),
        ("exposure is another covariate", "has_contact: does not vary, or is determined"),
        ("one cluster", "fewer than 3 clusters"),
        ("exposed in one cluster only", "has_contact: 1 of 2 levels occur in fewer than 3"),
        ("exposed mostly in one cluster", "has_contact: more than half"),
        ("missing covariate", r"n_earlier \(4\)"),
        ("missing caseworker", r"the cluster \(4\)"),
        ("unknown exposure", "unheard_of"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_what_cannot_be_estimated_is_refused_in_a_sentence(case, said):
    months, exposure = spoiled(case)
    with pytest.raises(DataError, match=said):
        fitted(months, exposure=exposure)


def test_an_error_that_is_only_rounding_is_refused():
    """Ten caseworkers with the very same counts: the sandwich is zero, which is no certainty."""
    one = pd.DataFrame({"x": [True, True, True, False, False, False]})
    months = pd.concat([one] * 40, ignore_index=True)
    event = np.tile([True, False, True, False, False, True], 40)
    with pytest.raises(DataError, match="no standard error can be given for x"):
        discrete_hazard(months, event, np.arange(240) // 24, ["x"], 240)


def test_no_estimate_is_handed_over_without_an_error():
    with pytest.raises(DataError, match="no standard error can be given for b"):
        Estimates(("a", "b"), np.array([1.0, 1.0]), np.array([0.1, 0.0]), 5.0, 20, 20, 10, 6)


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.integers(20, 200), st.integers(2, 8))
def test_small_and_odd_data_give_finite_numbers_or_a_refusal(seed, n, n_clusters):
    rng = np.random.default_rng(seed)
    covariates = pd.DataFrame(
        {"x": rng.random(n) < rng.random(), "z": rng.integers(0, 4, n).astype(str)}
    )
    event = rng.random(n) < rng.random()
    try:
        fit = discrete_hazard(covariates, event, rng.integers(0, n_clusters, n), ["x"], n)
    except DataError:
        return
    numbers = pd.concat([fit.tidy(), average_difference(fit).tidy()]).drop(columns="term")
    assert np.isfinite(numbers.to_numpy(dtype=float)).all()
    assert abs(fit.estimate[0]) < 15


@pytest.mark.parametrize("truth", [1.0, 1.3])
@pytest.mark.parametrize("selection", ["none", "near", "far"])
def test_the_lagged_adjusted_hazard_finds_the_truth(truth, selection):
    """Seeds 0-19, exit talks half a month early; adjusted for distance and duration."""
    covered, estimates = 0, []
    for seed in range(20):
        world = contact_world(
            np.random.default_rng(seed), odds_ratio=truth, selection=selection, early=0.5
        )
        months = add_duration_band(world[world["months_since_entry"] >= 4])
        covariates = months[["duration_band", "is_near"]].assign(
            contact=months["n_contacts_lag_2_4"] > 0
        )
        fit = discrete_hazard(
            covariates, months["is_exit"], months["caseworker_id"], ["contact"], 4000
        )
        row = fit.tidy().iloc[0]
        covered += row["conf_low"] <= np.log(truth) <= row["conf_high"]
        estimates.append(row["estimate"])
    assert covered >= NOMINAL_95
    assert abs(np.median(estimates) - np.log(truth)) < 0.05
