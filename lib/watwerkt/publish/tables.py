"""Tables: a protected frame in, accessible HTML out, the same bytes every time."""

import html
import re

import pandas as pd
from great_tables import GT

from watwerkt.errors import DisclosureError
from watwerkt.publish.labels import Labels

INTERVAL = {"conf_low", "conf_high"}


def table_html(frame: pd.DataFrame, labels: Labels, caption: str, table_id: str) -> str:
    """The columns that ``labels`` names, in that order, the first as row heads.

    ``caption`` is HTML. Raises DisclosureError where p-values stand without their intervals.
    """
    columns = list(labels.columns)
    if "p_value" in columns and not set(columns) >= INTERVAL:
        raise DisclosureError(
            "a p-value never stands alone: show conf_low and conf_high in the same table"
        )
    written = pd.DataFrame(
        {c: [html.escape(labels.value(c, value)) for value in frame[c]] for c in columns}
    )
    numeric = [c for c in columns[1:] if pd.api.types.is_numeric_dtype(frame[c])]
    table = (
        GT(written, id=table_id, rowname_col=columns[0])
        .tab_stubhead(labels.column(columns[0]))
        .cols_label({c: labels.column(c) for c in columns[1:]})
        .cols_align("left")
        .cols_align("right", columns=[c for c in numeric if c not in labels.names])
    )
    raw = re.sub(r"<style>.*?</style>", "", table.as_raw_html(), flags=re.DOTALL)
    body = raw[raw.index("<thead>") : raw.index("</table>")]
    body = re.sub(rf'\s(?:id|headers)="{re.escape(table_id)}-[^"]*"', "", body)
    return (
        f'<div class="table" id="{table_id}" role="region" tabindex="0" '
        f'aria-labelledby="{table_id}-caption"><table class="gt_table">'
        f'<caption id="{table_id}-caption">{caption}</caption>{body}</table></div>'
    )
