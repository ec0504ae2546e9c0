"""What may come near the door: a grouped table of which every column is declared.

An undeclared column, a row per person or caseworker, a key that holds pseudonyms, or something by
team without its number of caseworkers is refused, and never quietly dropped.
"""

import datetime
import re
from collections.abc import Sequence

import pandas as pd

from watwerkt.disclosure.policy import Policy, check_policy
from watwerkt.errors import DataError, DisclosureError

TOTAL = "total"
GROUP_IDS = {"municipality_id", "executor_id", "team_id", "district_id", "trial_id"}
_SHOWABLE_NAME = re.compile(r"[a-z]+(_[a-z]+|_\d{1,4}m?)*")
_EXTREME = re.compile(r"(^|_)(min|max|minimum|maximum|lowest|highest)(_|$)")
_PSEUDONYM = r"\b(?=[\w-]*\d)(?:[0-9a-fA-F-]{16,}|\d{8,}|[Rr]\d{9})\b"
_PERSON_TERM = r"(?:person|caseworker|spell|benefit|contact|respondent)_id"


def require_table(
    table: pd.DataFrame, keys: Sequence[str], figures: Sequence[str], policy: Policy
) -> None:
    """Refuse a table that is not one row per declared key with declared figures only."""
    require_declared(table, [*keys, *figures], policy)
    require_keys(table, keys)
    for figure in figures:
        if _EXTREME.search(figure):
            raise DisclosureError(f"{figure}: a minimum or maximum is one person's figure")
        if not pd.api.types.is_numeric_dtype(table[figure]):
            raise DataError(
                f"column {shown_name(figure)} is declared a figure, but holds no numbers"
            )
    if table.duplicated(keys).any() if keys else len(table) > 1:
        raise DisclosureError("several rows share a key: group to one row per key first")


def require_declared(table: pd.DataFrame, declared: Sequence[str], policy: Policy) -> None:
    """Refuse what is not a pandas frame of exactly the declared columns, or has no policy."""
    if not isinstance(table, pd.DataFrame):
        raise DisclosureError(f"protect a pandas DataFrame, not a {type(table).__name__}")
    if not isinstance(policy, Policy):
        raise DisclosureError("the policy comes from read_policy()")
    check_policy(policy.model_dump())
    if table.index.names != [None] or not pd.api.types.is_integer_dtype(table.index):
        raise DisclosureError("the index is a column nobody declared: reset_index() first")
    if len(set(declared)) < len(declared):
        raise DisclosureError("a column is declared twice: it is either a key or a figure")
    for position, column in enumerate(table.columns):
        if column not in declared:
            raise DisclosureError(
                f"column {position + 1}, {shown_name(column)}, is not declared: name it as a key "
                "(by=) or as the figure it is, or drop it"
            )
    missing = [column for column in declared if list(table.columns).count(column) != 1]
    if missing:
        raise DisclosureError(f"the table has no single column {', '.join(missing)}")


def require_keys(table: pd.DataFrame, keys: Sequence[str]) -> None:
    """Refuse keys of persons, records or caseworkers, and keys that could follow one person."""
    for key in keys:
        values, name = table[key], shown_name(key)
        if key.endswith("_id") and key not in GROUP_IDS:
            raise DisclosureError(f"{name} is a key of persons or records: group first")
        if values.isna().any():
            raise DataError(f"{values.isna().sum()} rows lack a {name}: name them `unknown`")
        require_no_pseudonyms(table, [key])
        if pd.api.types.is_float_dtype(values) and (values % 1 != 0).any():
            raise DisclosureError(f"key {name} is a measured number: put it in bands")
        if any(day.day != 1 for day in values if isinstance(day, datetime.date)):
            raise DisclosureError(f"key {name} holds days: a key holds the first of a month")


def require_no_pseudonyms(table: pd.DataFrame, columns: Sequence[str]) -> None:
    """Refuse texts and keys in which a person or caseworker is named, as in a term of a model."""
    for column in columns:
        if table[column].astype(str).str.contains(f"{_PSEUDONYM}|{_PERSON_TERM}").any():
            raise DisclosureError(f"{shown_name(column)} holds what looks like pseudonyms")


def require_groups(table: pd.DataFrame, keys: Sequence[str], n: str, policy: Policy) -> None:
    """Refuse a table by a text of which every value stands for one person, whatever its name."""
    for key in keys:
        persons = table.groupby(key, observed=True)[n].max()
        is_text = all(isinstance(value, str) for value in table[key])
        if is_text and len(persons) >= policy.threshold and (persons <= 1).all():
            raise DisclosureError(
                f"each of the {len(persons)} values of {shown_name(key)} is about one person at "
                "most: group to a key with fewer values"
            )


def require_caseworkers(keys: Sequence[str], n_caseworkers: str | None) -> None:
    """Refuse anything by team that does not say how many caseworkers are behind each row."""
    by_team = [key for key in keys if "team" in key or "caseworker" in key]
    if by_team and n_caseworkers is None:
        raise DisclosureError(
            f"a table by {shown_name(by_team[0])} needs n_caseworkers=, the column with the number "
            "of caseworkers behind each row"
        )


def shown_name(column: object) -> str:
    """A column's name as a message may give it: a pivoted name can itself be a person's value."""
    return column if _SHOWABLE_NAME.fullmatch(str(column)) else "(name withheld)"  # type: ignore
