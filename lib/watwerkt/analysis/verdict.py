"""What each chapter may use of a delivery: the verdicts, with their reasons."""

import pandas as pd
import polars as pl

from watwerkt.analysis.facts import Facts
from watwerkt.analysis.requirements import CAUTION, NEEDS, NO, SUBJECTS, YES, judge
from watwerkt.disclosure import Policy, Protected, protect_counts

KEYS = ["chapter", "need", "is_essential", "verdict", "reason"]
NEED_ORDER = pd.CategoricalDtype(list(SUBJECTS), ordered=True)
NEED_LABELS = {"chapter": "", "need": "", "is_essential": "", "verdict": "usable", "reason": ""}
VERDICT_LABELS = {
    (YES,): "These data can answer every question that the chapters ask.",
    (CAUTION,): "These data can answer the questions that the chapters ask, each with a caution.",
    (YES, CAUTION): (
        "These data can answer the questions that the chapters ask, some with a caution."
    ),
    (NO,): "These data cannot answer the questions that the chapters ask.",
}
SOME_LABEL = (
    "These data can answer some of the questions that the chapters ask. For the others something "
    "is missing that they cannot do without."
)


def may_use_table(facts: Facts, accounts: pl.DataFrame, policy: Policy) -> Protected:
    """Per chapter whether these data can answer its question, and the need that decides that."""
    rows = _judge_needs(facts)
    whole = rows.groupby("chapter")[["is_essential", "verdict"]].apply(_chapter_verdict)
    gravity = rows["verdict"].map({NO: 0, CAUTION: 1, YES: 2}) + 2 * ~rows["is_essential"]
    gravity = gravity.where(rows["verdict"] != YES, 9)
    decisive = rows.loc[gravity.groupby(rows["chapter"]).idxmin()]
    decisive = decisive.assign(verdict=decisive["chapter"].map(whole))
    return _protect(decisive, accounts, policy)


def needs_table(facts: Facts, accounts: pl.DataFrame, policy: Policy) -> Protected:
    """Per chapter everything that it needs, with a verdict on each; the chapter's order."""
    return _protect(_judge_needs(facts), accounts, policy)


def verdict_sentence(may_use: Protected) -> str:
    """The verdicts of all chapters in one sentence (message id)."""
    found = set(may_use.frame["verdict"])
    return VERDICT_LABELS.get(tuple(v for v in (YES, CAUTION, NO) if v in found), SOME_LABEL)


def _judge_needs(facts: Facts) -> pd.DataFrame:
    rows = [
        (chapter, need, is_essential, *judge(need, facts))
        for chapter, needs in NEEDS.items()
        for need, is_essential in needs.items()
    ]
    return pd.DataFrame(rows, columns=KEYS)


def _chapter_verdict(needs: pd.DataFrame) -> str:
    if (needs["is_essential"] & (needs["verdict"] == NO)).any():
        return NO
    return YES if (needs["verdict"] == YES).all() else CAUTION


def _protect(rows: pd.DataFrame, accounts: pl.DataFrame, policy: Policy) -> Protected:
    """Words, each row with the register rows of the table that it is about."""
    kept = dict(accounts.select("table", "rows_kept").iter_rows())
    n_rows = [kept.get(SUBJECTS[need].table, 0) for need in rows["need"]]
    table = rows.assign(rows_kept=n_rows).astype({"need": NEED_ORDER}).reset_index(drop=True)
    return protect_counts(table, ["rows_kept"], policy, by=[tuple(KEYS)], of="records")
