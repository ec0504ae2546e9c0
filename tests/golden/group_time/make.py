"""Group-time effects by csdid, for test_group_time.py.

Run with Python 3.11 in an environment of its own: ``pip install csdid==0.4.3 diff-diff==3.13.0
moderndid==0.2.0`` (numpy 2.4.6, pandas 3.1.1), then ``python make.py``, which writes the tables
beside it. Controls not yet treated, no covariates, one base for every year; csdid and diff-diff
have to agree before anything is written. ``mpdta`` is the panel of 500 counties in Callaway and
Sant'Anna (2021), kept as its means by group and year.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from csdid.att_gt import ATTgt
from diff_diff import CallawaySantAnna
from moderndid import load_mpdta

HERE = Path(__file__).parent
GROUPS = {2004: 3, 2006: 4, 2007: 3, 0: 8}  # year of the change (0: never) and units


def main() -> None:
    """Write each panel and its effects."""
    drawn = draw_panel()
    drawn.to_csv(HERE / "panel.txt", index=False)
    estimate(drawn).to_csv(HERE / "effects.txt", index=False)
    counties = (
        load_mpdta()
        .to_pandas()
        .rename(columns={"countyreal": "unit", "first.treat": "change", "lemp": "y"})
    )
    means = counties.groupby(["change", "year"])["y"].agg(["mean", "size"]).reset_index()
    means.to_csv(HERE / "mpdta_means.txt", index=False)
    estimate(counties[["unit", "year", "change", "y"]]).to_csv(
        HERE / "mpdta_effects.txt", index=False
    )


def draw_panel() -> pd.DataFrame:
    """Units whose effect differs by group and grows."""
    rng = np.random.default_rng(7)
    rows = []
    for unit, change in enumerate(np.repeat(list(GROUPS), list(GROUPS.values()))):
        level = rng.normal()
        for year in range(2002, 2009):
            since = year - change if change and year >= change else -1
            effect = (since + 1) * (0.5 if change == 2004 else 0.2)
            y = level + 0.1 * (year - 2002) + effect + 0.3 * rng.normal()
            rows.append((unit, year, change, round(y, 6)))
    return pd.DataFrame(rows, columns=["unit", "year", "change", "y"])


def estimate(panel: pd.DataFrame) -> pd.DataFrame:
    """Effect per group and year, the same by both packages."""
    found = ATTgt(
        yname="y", tname="year", idname="unit", gname="change", data=panel,
        control_group=["notyettreated"],
    ).fit(est_method="reg", base_period="universal", bstrap=False).results  # fmt: skip
    ours = pd.DataFrame({"group": found["group"], "year": found["year"], "estimate": found["att"]})
    ours = ours.astype({"group": int, "year": int})
    fit = CallawaySantAnna(control_group="not_yet_treated", base_period="universal").fit(
        panel, outcome="y", unit="unit", time="year", first_treat="change"
    )
    rows = [(int(g), int(t), e["effect"]) for (g, t), e in fit.group_time_effects.items()]
    both = ours.merge(pd.DataFrame(rows, columns=["group", "year", "other"]), on=["group", "year"])
    np.testing.assert_allclose(both["estimate"], both["other"], atol=1e-9)
    return both.loc[both["year"] != both["group"] - 1, ["group", "year", "estimate"]]


if __name__ == "__main__":
    main()
