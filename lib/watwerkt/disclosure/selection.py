"""Rows of protected frames: what may be shown may be shown in part, joined, or reckoned with."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from watwerkt.disclosure.protected import Protected, _reseal, require_protected
from watwerkt.errors import DisclosureError


def select_rows(protected: Protected, **wanted: Any) -> Protected:
    """The rows whose columns have the ``wanted`` value, or one of several, in the list's order.

    >>> select_rows(estimates, status=["evidence", "indicative"])     # doctest: +SKIP
    """
    frame = require_protected(protected).frame
    for column, value in wanted.items():
        several = value if isinstance(value, list) else [value]
        frame = pd.concat([frame[:0], *(frame[frame[column] == one] for one in several)])
    is_estimates = protected.kind == "estimates"  # of which some figures do not exist, ever
    figures = frame[["n_persons"]] if is_estimates else frame.select_dtypes("number")
    n_suppressed = int(figures.isna().sum().sum()) if protected.n_suppressed else 0
    return _reseal(protected, frame, n_suppressed)


def join_rows(parts: Sequence[Protected]) -> Protected:
    """The rows of one or more frames of one kind and policy, with the same columns, as one frame.

    It shows what the parts show. Where a key can have other values in each (a layer that begins
    in a later year) they are protected one by one: in one grid what cannot be would be a hidden 0.
    """
    frames = [require_protected(part).frame for part in parts]
    kinds = {(part.kind, part.policy_version, part.is_synthetic) for part in parts}
    if len(kinds) != 1 or len({tuple(frame) for frame in frames}) != 1:
        raise DisclosureError("only frames of one kind, policy and set of columns can be joined")
    n_suppressed = sum(part.n_suppressed for part in parts)
    return _reseal(parts[0], pd.concat(frames, ignore_index=True), n_suppressed)


def derive_rows(table: pd.DataFrame, source: Protected) -> Protected:
    """What was reckoned from ``source`` and from parameters alone, such as prices.

    It says nothing of anybody that the source did not say. Numbers keep six significant digits.
    """
    numbers = table.select_dtypes("float")
    rounded = numbers.map(lambda value: float(f"{value:.6g}"))
    return _reseal(require_protected(source), table.assign(**rounded), 0)
