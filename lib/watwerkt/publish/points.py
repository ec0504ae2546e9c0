"""Findings as a reader takes them in: a mark, the subject, and the sentences that it allows."""

import html
from collections.abc import Mapping
from typing import Any

import pandas as pd

from watwerkt.disclosure import Gap, Protected
from watwerkt.disclosure.selection import derive_rows
from watwerkt.publish.labels import Labels, build_labels
from watwerkt.publish.language import Translator

SENTENCES = ("sentence", "weight", "power", "pays")
MARKS = {  # light → a shape, so that colour is never needed
    "better": "▲",
    "worse": "▼",
    "better_hint": "△",
    "worse_hint": "▽",
    "small": "■",
    "open": "○",
}
UNIT_FIGURE_LABELS = {
    "points": "{at:.1} points ({low:.1} to {high:.1})",
    "days": "{at:.0} days ({low:.0} to {high:.0})",
    "per_cent": "{at:.0}% ({low:.0} to {high:.0})",
    "ratio": "{at:.2} times ({low:.2} to {high:.2})",
}
UNIT_SEEN_LABELS = {
    "points": "{seen_from:.1} points",
    "days": "{seen_from:.0} days",
    "per_cent": "{seen_from:.0}%",
    "ratio": "{seen_from:.2} times",
}


def points_html(frame: pd.DataFrame, translator: Translator) -> str:
    """A list of findings: per row the mark and word of its light, its subject, its sentences.

    Where ``frame`` has ``advice`` the list is of recommendations, each with the finding it rests
    on.
    """
    labels = _labels(translator)
    items = "".join(_item(row, labels) for _, row in frame.iterrows())
    return f'<ol class="points">{items}</ol>'


def write_figures(found: Protected | Gap, language: str) -> Protected | Gap:
    """``found`` with ``subject``, ``figure`` (with its interval) and ``detectable``, as read."""
    if isinstance(found, Gap):
        return found
    translator = Translator(language)
    labels, frame = _labels(translator), found.frame
    written = {
        "figure": [_fill(translator, UNIT_FIGURE_LABELS, row) for _, row in frame.iterrows()],
        "detectable": [_fill(translator, UNIT_SEEN_LABELS, row) for _, row in frame.iterrows()],
        "subject": [_subject(row, labels) for _, row in frame.iterrows()],
    }
    return derive_rows(frame.assign(**written), found)


def _item(row: pd.Series, labels: Labels) -> str:
    """One point; ids of sentences that are empty are left out."""
    is_advice = "advice" in row.index
    told = ("advice", "power", "pays") if is_advice else SENTENCES
    said = [row[c] for c in told if row[c]]
    values = _values(row)
    text = " ".join(labels.translator.text(sentence, **values) for sentence in said)
    subject = _subject(row, labels)
    if is_advice:
        about = labels.translator.text(
            "See finding {number}: {subject}.", **values, subject=subject
        )
        return f"<li>{_escape(text)} <small>{_escape(about)}</small></li>"
    place = labels.translator.text("Chapter {place}.", place=row["place"])
    mark, light = MARKS.get(row["light"], "–"), labels.value("light", row["light"])
    return (
        f'<li class="light-{row["light"].replace("_", "-")}">'
        f'<span class="no">{row["number"]}.</span> '
        f'<span class="light"><span aria-hidden="true">{mark}</span> {_escape(light)}</span> '
        f"<strong>{_escape(subject)}.</strong> {_escape(text)} "
        f"<small>{_escape(place)}</small></li>"
    )


def _subject(row: pd.Series, labels: Labels) -> str:
    """The question, with the arm or the kind of provision where there can be several."""
    asked = labels.value("question", row["question"])
    return f"{asked}: {labels.value('term', row['about'])}" if row["about"] else asked


def _labels(translator: Translator) -> Labels:
    return build_labels(translator, ["question", "light", "term"])


def _fill(translator: Translator, messages: Mapping[str, str], row: pd.Series) -> str:
    return translator.text(messages[row["unit"]], **_values(row))


def _values(row: pd.Series) -> dict[str, Any]:
    return {str(column): value for column, value in row.items()}


def _escape(text: str) -> str:
    return html.escape(text, quote=False)
