"""The page a chapter writes on: tables, figures and sentences, of protected figures only."""

import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from inspect import signature
from typing import Any

import pandas as pd
from IPython.display import HTML
from matplotlib.figure import Figure

from watwerkt.disclosure.protected import Protected, require_protected
from watwerkt.publish.labels import Labels, build_labels
from watwerkt.publish.language import Translator
from watwerkt.publish.sentences import fill_sentence
from watwerkt.publish.style import house_style
from watwerkt.publish.svg import figure_svg
from watwerkt.publish.tables import spread_series, table_html

Row = int | Mapping[str, Any] | None
Plot = Callable[..., Figure]


@dataclass(frozen=True, slots=True)
class Page:
    """One municipality's page in one language.

    Every text is a message id (``language``); ``columns`` maps column → label and says which
    columns are shown; ``formats`` column → placeholder spec; ``names`` column → value → label;
    ``codes`` column → code list of the codebook. Titles name an element, so they differ within a
    chapter. Each method raises DisclosureError for numbers that are not protected.
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
        protected: Protected,
        title: str,
        columns: Mapping[str, str],
        *,
        group: str = "",
        fill: Mapping[str, Any] | None = None,
        **wording: Any,
    ) -> HTML:
        """A table with its caption; ``wording``: formats, names, codes; ``group``: a column."""
        frame = require_protected(protected).frame
        name = f"table-{_slug(title)}"
        caption = self._caption(protected, title, fill)
        labels = self._labels(protected, columns, **wording)
        table = table_html(frame, labels, caption, name, group)
        return _element("table", table + self._dash(protected))

    def figure(
        self,
        plot: Plot,
        protected: Protected,
        title: str,
        alt: str,
        *,
        columns: Mapping[str, str],
        formats: Mapping[str, str] | None = None,
        names: Mapping[str, Mapping[Any, str]] | None = None,
        codes: Mapping[str, str] | None = None,
        fill: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> HTML:
        """``plot(frame, labels, **options)`` with caption, description and its figures."""
        frame = require_protected(protected).frame
        labels = self._labels(protected, columns, formats=formats, names=names, codes=codes)
        name, say = f"figure-{_slug(title)}", self.translator.text
        alt = self._fill(alt, fill)
        with house_style():
            wide = figure_svg(plot(frame, labels, **options), name, alt)
            slim = replace(labels, is_narrow=True)
            narrow = figure_svg(plot(frame, slim, **options), f"{name}-narrow", alt)
        caption = self._caption(protected, title, fill)
        table = _data_table(frame, labels, plot, options, caption, f"{name}-data")
        return _element(
            "figure",
            f'<figure id="{name}"><figcaption>{caption}</figcaption>'
            f'<div class="wide">{wide}</div><div class="narrow" hidden>{narrow}</div></figure>'
            f"<details><summary>{html.escape(say('The figures in this chart'))}</summary>"
            f"{table}{self._dash(protected)}</details>",
        )

    def say(
        self, msgid: str, source: Protected | None = None, at: Row = None, **values: Any
    ) -> HTML:
        """A paragraph; its numbers are the columns of ``source``'s one row, or the row ``at``."""
        return _element("text", f"<p>{self._sentence(msgid, source, at, values)}</p>")

    def note(
        self, msgid: str, source: Protected | None = None, at: Row = None, **values: Any
    ) -> HTML:
        """A note on method, set apart from the finding."""
        sentence = self._sentence(msgid, source, at, values)
        return _element("note", f'<p class="note">{sentence}</p>')

    def warn(
        self, msgid: str, source: Protected | None = None, at: Row = None, **values: Any
    ) -> HTML:
        """What a reader would be misled by, labelled so."""
        sentence = self._sentence(msgid, source, at, values)
        label = html.escape(self.translator.text("Misleading"))
        return _element(
            "warning",
            f'<div class="warning" role="note"><p><strong>{label}.</strong> {sentence}</p></div>',
        )

    def _sentence(
        self, msgid: str, source: Protected | None, at: Row, values: Mapping[str, Any]
    ) -> str:
        filled = fill_sentence(source, at, values)
        return html.escape(self.translator.text(msgid, **filled), quote=False)

    def _fill(self, msgid: str, fill: Mapping[str, Any] | None) -> str:
        return self.translator.text(msgid, **fill_sentence(None, None, fill or {}))

    def _caption(self, protected: Protected, title: str, fill: Mapping[str, Any] | None) -> str:
        mark = self._mark(protected)
        tag = f' <span class="synthetic">{html.escape(mark)}</span>' if mark else ""
        return html.escape(self._fill(title, fill), quote=False) + tag

    def _mark(self, protected: Protected) -> str:
        is_synthetic = self.is_synthetic or protected.is_synthetic
        return self.translator.text("synthetic data") if is_synthetic else ""

    def _labels(self, protected: Protected, columns: Mapping[str, str], **wording: Any) -> Labels:
        return build_labels(self.translator, columns, mark=self._mark(protected), **wording)

    def _dash(self, protected: Protected) -> str:
        if not protected.n_suppressed:
            return ""
        sentence = self.translator.text("– : not shown, because it is about too few people.")
        return f'<p class="key">{html.escape(sentence)}</p>'


def _data_table(
    frame: pd.DataFrame,
    labels: Labels,
    plot: Plot,
    options: Mapping[str, Any],
    caption: str,
    table_id: str,
) -> str:
    """The figures that a drawing shows, one column per line where it has several."""
    known = {name: p.default for name, p in signature(plot).parameters.items()} | dict(options)
    parts = {name: known[name] for name in ("x", "y", "series", "low", "high") if name in known}
    if parts.get("series"):
        frame, labels = spread_series(frame, labels, **parts)
    return table_html(frame, labels, caption, table_id)


def _element(kind: str, content: str) -> HTML:
    """What the report takes over from a chapter's output, and nothing else does it take over."""
    return HTML(f'<div class="ww ww-{kind}">{content}</div>')


def _slug(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:48].strip("-")
