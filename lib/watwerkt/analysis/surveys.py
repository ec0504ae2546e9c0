"""What clients and caseworkers say of it: who answered, and what, item by item.

Who answers is no sample of everybody. Beside each mean stands one in which answers weigh so that
age and distance to the labour market are as among all who could have answered; what else sets them
apart, no weight can mend.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import polars as pl

from watwerkt.analysis.bands import AGE_BANDS, band_of
from watwerkt.analysis.evidence import Design, describe_share, not_estimable
from watwerkt.codebook import UNKNOWN
from watwerkt.disclosure import Gap, Policy, Protected, protect_estimates, protect_shares
from watwerkt.errors import DataError
from watwerkt.estimators.estimates import Estimates

CLIENT, CASEWORKER = "client", "caseworker"
RAW, WEIGHTED = "as_answered", "weighted"
CELL = ("age_band", "labour_market_distance")  # whom answers are weighed to, of clients
NO_SURVEYS = Gap("Not delivered: what clients and caseworkers say (surveys).")
NO_ANSWERS = Gap("Not delivered: what these people say, in months in which they could be asked.")
MEAN = Design(
    analysis="survey",
    design="survey",
    estimand="mean score of those who answered",
    scale="points",
    grade=1,
    status="indicative",
    is_primary=False,
    horizon_months=0,
)


def read_answers(surveys: pl.LazyFrame | None, panel: pl.LazyFrame) -> pl.DataFrame | None:
    """One row per answer of somebody who could be asked; None where no surveys were delivered.

    ``month`` of the wave, ``respondent``, ``respondent_id``, ``item``, ``score`` and, of clients,
    ``CELL``. Clients count where they are on benefit in the month of the wave, caseworkers where
    they have clients in it. Restricted: rows of persons.
    """
    if surveys is None:
        return None
    answers = surveys.select(
        "respondent_id",
        "item",
        "score",
        respondent=pl.col("respondent").fill_null(CLIENT).replace(UNKNOWN, CLIENT),
        month=pl.col("wave_date").dt.truncate("1mo"),
    ).collect()
    asked = could_be_asked(panel, sorted(answers["month"].unique()))
    return answers.join(asked, on=["respondent", "respondent_id", "month"], how="inner")


def could_be_asked(panel: pl.LazyFrame, months: list) -> pl.DataFrame:
    """One row per client on benefit, and per caseworker with clients, in each of the months."""
    rows = panel.filter(pl.col("month").is_in(months))
    clients = rows.select(
        "month",
        respondent=pl.lit(CLIENT),
        respondent_id="person_id",
        age_band=band_of(pl.col("age_years"), AGE_BANDS).cast(pl.String).fill_null(UNKNOWN),
        labour_market_distance=pl.col("labour_market_distance").fill_null(UNKNOWN),
    ).unique(["month", "respondent_id"])
    caseworkers = (
        rows.filter(pl.col("caseworker_id").is_not_null())
        .select("month", respondent=pl.lit(CASEWORKER), respondent_id="caseworker_id")
        .unique()
        .with_columns(age_band=pl.lit(UNKNOWN), labour_market_distance=pl.lit(UNKNOWN))
    )
    return pl.concat([clients, caseworkers]).collect()


def response(answers: pl.DataFrame | None, panel: pl.LazyFrame, policy: Policy) -> Protected | Gap:
    """Per wave and kind of respondent: who could be asked, and the share that answered anything."""
    if answers is None:
        return NO_SURVEYS
    if answers.is_empty():
        return NO_ANSWERS
    asked = could_be_asked(panel, sorted(answers["month"].unique()))
    keys = ["respondent", "month"]
    eligible = asked.group_by(keys).agg(n_asked=pl.len())
    answered = answers.group_by(keys).agg(n_answered=pl.col("respondent_id").n_unique())
    table = answered.join(eligible, on=keys).sort(keys).to_pandas()
    return protect_shares(
        table, {"share_answered": ("n_answered", "n_asked")}, policy, by=[tuple(keys)]
    )


def item_means(
    answers: pl.DataFrame | None, panel: pl.LazyFrame, who: str, policy: Policy, conf_level: float
) -> Protected | Gap:
    """Mean score per item and wave (``month``), as answered and weighted, with its interval.

    ``term``: ``as_answered`` or, of clients, ``weighted``.
    """
    if answers is None:
        return NO_SURVEYS
    chosen = answers.filter(pl.col("respondent") == who)
    if chosen.is_empty():
        return NO_ANSWERS
    asked = could_be_asked(panel, sorted(chosen["month"].unique()))
    rows = list(_means(chosen, asked.filter(pl.col("respondent") == who), who, conf_level))
    return protect_estimates(pd.concat(rows, ignore_index=True), policy, by=["month"])


def _means(
    chosen: pl.DataFrame, asked: pl.DataFrame, who: str, conf_level: float
) -> Iterator[pd.DataFrame]:
    for (month, item), part in chosen.sort("month", "item").group_by(
        ["month", "item"], maintain_order=True
    ):
        weights = _weights(part, asked.filter(pl.col("month") == month))
        ways = {RAW: np.ones(part.height)} | ({WEIGHTED: weights} if who == CLIENT else {})
        for way, weight in ways.items():
            row = _describe(part["score"].to_numpy(), weight, way, str(item), conf_level)
            yield row.assign(month=month, subgroup=f"{who}, {month:%Y-%m}")


def _describe(
    score: np.ndarray, weight: np.ndarray, term: str, item: str, conf_level: float
) -> pd.DataFrame:
    """The mean of one item; a row without figures where all say the same, or one answered."""
    try:
        tidy = _mean(score, weight, term).tidy(conf_level).drop(columns="statistic")
    except DataError:
        return not_estimable(MEAN, item, term, conf_level)
    return describe_share(tidy, MEAN, item, conf_level)


def _weights(part: pl.DataFrame, asked: pl.DataFrame) -> np.ndarray:
    """How many each answer stands for: people of its cell over answers of its cell."""
    people = asked.group_by(*CELL).agg(n_people=pl.len())
    answers = part.group_by(*CELL).agg(n_answers=pl.len())
    cells = answers.join(people, on=list(CELL))
    share = part.select(CELL).join(cells, on=list(CELL), how="left", maintain_order="left")
    return (share["n_people"] / share["n_answers"]).to_numpy()


def _mean(score: np.ndarray, weight: np.ndarray, term: str) -> Estimates:
    """Weighted mean with a robust error, as for a ratio of sums; each respondent by itself."""
    n = len(score)
    mean = float(weight @ score / weight.sum())
    rest = weight * (score - mean)
    error = float(np.sqrt(n / max(n - 1, 1) * rest @ rest) / weight.sum())
    return Estimates(
        term=(term,),
        estimate=np.array([mean]),
        std_error=np.array([error]),
        degrees_of_freedom=float(max(n - 1, 1)),
        n_obs=n,
        n_persons=n,
        n_events=n,
        n_clusters=n,
    )
