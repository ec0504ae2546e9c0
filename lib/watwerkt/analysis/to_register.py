"""What this delivery could not tell, and what to register from now on so that the next one can."""

import pandas as pd
import polars as pl

from watwerkt.analysis.facts import Facts
from watwerkt.analysis.requirements import NO, YES
from watwerkt.analysis.verdict import needs_table
from watwerkt.disclosure import Gap, Policy, Protected
from watwerkt.disclosure.selection import derive_rows

ALL_THERE = Gap("This delivery holds everything that the chapters ask for.")
REGISTER_LABELS = {"need": "what is lacking", "reason": "", "remedy": "", "n_questions": ""}


def to_register(facts: Facts, accounts: pl.DataFrame, policy: Policy) -> Protected | Gap:
    """One row per need that is lacking or doubtful, with what would mend it.

    First what a chapter cannot do without, then what most chapters ask for.
    """
    needs = needs_table(facts, accounts, policy)
    lacking = needs.frame[needs.frame["verdict"] != YES]
    if lacking.empty:
        return ALL_THERE
    gravest = (lacking["verdict"] == NO).astype(int) + lacking["is_essential"].astype(int)
    lacking = lacking.assign(
        gravity=gravest.groupby(lacking["need"], observed=True).transform("max"),
        n_questions=lacking.groupby("need", observed=True)["chapter"].transform("size"),
    )
    ordered = lacking.sort_values(["gravity", "n_questions"], ascending=False, kind="stable")
    once = ordered.drop_duplicates("need").astype({"need": "str"})
    table = pd.DataFrame({c: once[c] for c in ("need", "reason", "n_questions")})
    return derive_rows(table.assign(remedy=once["need"]).reset_index(drop=True), needs)
