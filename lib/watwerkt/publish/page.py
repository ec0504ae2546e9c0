"""The page a chapter writes on: tables, figures and sentences, of protected figures only."""

import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
from IPython.display import HTML
from matplotlib.figure import Figure

from watwerkt.disclosure.gap import Gap
from watwerkt.disclosure.protected import Protected, require_protected
from watwerkt.publish.labels import Columns, Labels, build_labels
from watwerkt.publish.language import Translator
from watwerkt.publish.points import points_html
from watwerkt.publish.provenance import provenance_html
from watwerkt.publish.sentences import fill_sentence
from watwerkt.publish.sheets import SHEET, Sheet, build_sheet, sheet_text
from watwerkt.publish.style import house_style
from watwerkt.publish.svg import figure_svg
from watwerkt.publish.tables import Series, find_series, spread_series, table_html

Shown = Protected | Gap
Row = int | Mapping[str, Any] | None
Plot = Callable[..., Figure]


@dataclass(frozen=True, slots=True)
class Page:
    """One municipality's page in one language.

    Every text is a message id (``language``). ``columns`` says which columns are shown (all where
    it is not given), by the names of the vocabulary or as a map column → label. Where the
    vocabulary's word does not do: ``formats`` maps column → placeholder spec, ``names`` column →
    value → label, ``codes`` column → code list of the codebook. ``fill``: a title's placeholders.

    Where a table or figure would stand, a ``Gap`` shows its reason; a sentence about one is left
    out. Each method raises DisclosureError for figures that are not protected.
    """

    language: str
    is_synthetic: bool
    municipality_name: str = ""

    @property
    def translator(self) -> Translator:
        """Writes text, numbers and dates in the page's language."""
        return Translator(self.language)

    def table(
        self,
        protected: Shown,
        title: str,
        columns: Columns | None = None,
        *,
        group: str = "",
        fill: Mapping[str, Any] | None = None,
        **wording: Any,
    ) -> HTML:
        """A table with its caption; ``wording``: formats, names, codes; ``group``: a column."""
        if isinstance(protected, Gap):
            return self._gap(protected)
        frame = require_protected(protected).frame
        labels = self._labels(protected, columns, **wording)
        caption = self._caption(title, labels.mark, fill)
        table = table_html(frame, labels, caption, f"table-{_slug(title)}", group)
        title, note = self._fill(title, fill), self._sign(protected)
        sheet = build_sheet(protected, labels, title, note, group)
        is_told = frame.isna().any(axis=None) and not frame[[*labels.columns]].isna().any(axis=None)
        return _element("table", table + ("" if is_told else self._key(protected)), sheet)

    def figure(
        self,
        plot: Plot,
        protected: Shown,
        title: str,
        alt: str,
        *,
        columns: Columns | None = None,
        formats: Mapping[str, str] | None = None,
        names: Mapping[str, Mapping[Any, str]] | None = None,
        codes: Mapping[str, str] | None = None,
        fill: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> HTML:
        """``plot(frame, labels, **options)`` with caption, description and its figures."""
        if isinstance(protected, Gap):
            return self._gap(protected)
        frame = require_protected(protected).frame
        labels = self._labels(protected, columns, formats=formats, names=names, codes=codes)
        name = f"figure-{_slug(title)}"
        alt = " ".join(filter(None, [self._fill(alt, fill), labels.mark]))
        with house_style():
            wide = figure_svg(plot(frame, labels, **options), name, alt)
            slim = replace(labels, is_narrow=True)
            narrow = figure_svg(plot(frame, slim, **options), f"{name}-narrow", alt)
        series, caption = find_series(plot, options), self._caption(title, labels.mark, fill)
        table = _data_table(frame, labels, series, caption, f"{name}-data")
        sheet = build_sheet(
            protected, labels, self._fill(title, fill), self._sign(protected), series=series
        )
        opener = html.escape(self.translator.text("The figures in this chart"))
        return _element(
            "figure",
            f'<figure id="{name}"><figcaption>{self._caption(title, "", fill)}</figcaption>'
            f'<div class="wide">{wide}</div><div class="narrow" hidden>{narrow}</div></figure>'
            f"<details><summary>{opener}</summary>{table}{self._key(protected)}</details>",
            sheet,
        )

    def say(self, msgid: str, source: Shown | None = None, at: Row = None, **values: Any) -> HTML:
        """A paragraph; its numbers are the columns of ``source``'s one row, or of the row ``at``.

        ``at`` is a row's place (-1: the last), or the values that it has: ``{"flow": "inflow"}``.
        """
        return self._paragraph("text", "<p>{}</p>", msgid, source, at, values)

    def note(self, msgid: str, source: Shown | None = None, at: Row = None, **values: Any) -> HTML:
        """A note on method, set apart from the finding."""
        return self._paragraph("note", '<p class="note">{}</p>', msgid, source, at, values)

    def warn(self, msgid: str, source: Shown | None = None, at: Row = None, **values: Any) -> HTML:
        """What a reader would be misled by, labelled so."""
        label = html.escape(self.translator.text("Misleading"))
        box = f'<div class="warning" role="note"><p><strong>{label}.</strong> {{}}</p></div>'
        return self._paragraph("warning", box, msgid, source, at, values)

    def points(self, protected: Shown) -> HTML:
        """Findings, or recommendations that rest on them, as a numbered list of sentences.

        Each row names its ``question`` and ``light`` and holds its message ids, which its own
        columns fill (``points``).
        """
        if isinstance(protected, Gap):
            return self._gap(protected)
        return _element("points", points_html(require_protected(protected).frame, self.translator))

    def provenance(self, facts: Mapping[str, str]) -> HTML:
        """Where the chapter's figures come from; the report has its own, for all chapters."""
        return _element("provenance", provenance_html(facts, self.translator))

    def _paragraph(
        self,
        kind: str,
        box: str,
        msgid: str,
        source: Shown | None,
        at: Row,
        values: Mapping[str, Any],
    ) -> HTML:
        if isinstance(source, Gap):
            return _element(kind, "")
        sentence = self.translator.text(msgid, **fill_sentence(source, at, values))
        return _element(kind, box.replace("{}", html.escape(sentence, quote=False)))

    def _gap(self, gap: Gap) -> HTML:
        reason = html.escape(self.translator.text(gap.reason), quote=False)
        return _element("gap", f'<p class="gap" role="note">{reason}</p>')

    def _fill(self, msgid: str, fill: Mapping[str, Any] | None) -> str:
        return self.translator.text(msgid, **fill_sentence(None, None, fill or {}))

    def _caption(self, title: str, mark: str, fill: Mapping[str, Any] | None) -> str:
        tag = f' <span class="synthetic">{html.escape(mark)}</span>' if mark else ""
        return html.escape(self._fill(title, fill), quote=False) + tag

    def _labels(self, protected: Protected, columns: Columns | None, **wording: Any) -> Labels:
        if columns is None:
            columns = list(protected.frame.columns)
        is_synthetic = self.is_synthetic or protected.is_synthetic
        mark = self.translator.text("synthetic data") if is_synthetic else ""
        return build_labels(self.translator, columns, mark=mark, **wording)

    def _key(self, protected: Protected) -> str:
        sentence = self._sign(protected)
        return f'<p class="key">{html.escape(sentence)}</p>' if sentence else ""

    def _sign(self, protected: Protected) -> str:
        sentence = self.translator.text("– : not shown, because it is about too few people.")
        return sentence if protected.n_suppressed else ""


def _data_table(
    frame: pd.DataFrame, labels: Labels, series: Series | None, caption: str, table_id: str
) -> str:
    """The figures that a drawing shows, one column per line where it has several."""
    group = ""
    if series:
        frame, labels = spread_series(frame, labels, series)
        group = series.code if series.code in labels.columns else ""
    return table_html(frame, labels, caption, table_id, group)


def _element(kind: str, content: str, sheet: Sheet | None = None) -> HTML:
    """What the report takes over from a chapter's output, and nothing else does it take over.

    What is shown as a table goes along as a sheet, for the workbook.
    """
    return HTML(
        f'<div class="ww ww-{kind}">{content}</div>',
        metadata={SHEET: sheet_text(sheet)} if sheet else None,
    )


def _slug(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:48].strip("-")
