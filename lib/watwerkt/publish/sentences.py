"""What may fill a placeholder: a protected number, or a parameter by its own name."""

from collections.abc import Mapping
from numbers import Number
from typing import Any

import pandas as pd

from watwerkt.disclosure.policy import Policy
from watwerkt.disclosure.protected import Protected, require_protected
from watwerkt.errors import DisclosureError, ParameterError
from watwerkt.params import ReportParams

PARAMETERS = frozenset(ReportParams.model_fields) | frozenset(Policy.model_fields)


def fill_sentence(
    source: Protected | None, at: int | Mapping[str, Any] | None, values: Mapping[str, Any]
) -> dict[str, Any]:
    """The placeholders' values: the columns of one protected row, and ``values``.

    Numbers come from ``source`` only, since a number that is typed in cannot show that it was
    protected; the parameters of the report and of the policy, by their own names, may be given.

    Raises
    ------
    DisclosureError
        A number in ``values`` that is no parameter, or a source that is not protected.
    """
    loose = [
        name
        for name, value in values.items()
        if isinstance(value, Number) and not isinstance(value, bool) and name not in PARAMETERS
    ]
    if loose:
        raise DisclosureError(
            f"numbers in a sentence come from a protected frame: pass it as `source` "
            f"(and the row by `at`) instead of {', '.join(sorted(loose))}"
        )
    return {**(_read_row(source, at) if source is not None else {}), **values}


def _read_row(source: Protected, at: int | Mapping[str, Any] | None) -> dict[str, Any]:
    frame = require_protected(source).frame
    if isinstance(at, int):
        frame = frame.iloc[[at]]
    for column, wanted in at.items() if isinstance(at, Mapping) else ():
        is_date = pd.api.types.is_datetime64_any_dtype(frame[column])
        frame = frame[frame[column] == (pd.Timestamp(wanted) if is_date else wanted)]
    if len(frame) != 1:
        raise ParameterError(
            f"a sentence is filled from one row, and {len(frame)} match; say which by `at`"
        )
    return {str(column): frame[column].iloc[0] for column in frame}
