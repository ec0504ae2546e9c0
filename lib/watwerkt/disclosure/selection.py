"""Rows of a protected frame: fewer figures than may be shown may be shown."""

from typing import Any

from watwerkt.disclosure.protected import _CONTENTS, _TOKEN, Protected, require_protected


def select_rows(protected: Protected, **wanted: Any) -> Protected:
    """The rows whose columns have the ``wanted`` value, or one of several in a list.

    >>> select_rows(estimates, status=["evidence", "indicative"])     # doctest: +SKIP
    """
    content = _CONTENTS[require_protected(protected)]
    frame = content["frame"]
    for column, value in wanted.items():
        frame = frame[frame[column].isin(value if isinstance(value, list) else [value])]
    figures = frame.select_dtypes("number")
    selected = Protected(_TOKEN)
    _CONTENTS[selected] = content | {
        "frame": frame.reset_index(drop=True).copy(deep=True),
        "n_suppressed": int(figures.isna().sum().sum()) if content["n_suppressed"] else 0,
    }
    return selected
