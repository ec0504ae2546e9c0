"""The report as one HTML file: self-contained, offline, the same bytes every time."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from watwerkt.publish.chapter_html import Section
from watwerkt.publish.language import Translator
from watwerkt.publish.provenance import PROVENANCE_LABELS, provenance_html

__all__ = ["PROVENANCE_LABELS", "About", "report_html"]
REPORT_LABEL = "Evaluation report {municipality}"


@dataclass(frozen=True, slots=True)
class About:
    """What a report says of itself.

    Attributes
    ----------
    first_month, last_month : the first and the last month observed, inclusive.
    is_comparison : whether it is of municipalities together, and their extracts of several days.
    provenance : a key of ``PROVENANCE_LABELS`` → its value; nothing that changes between runs.
    """

    municipality_id: str
    municipality_name: str
    is_synthetic: bool
    first_month: dt.date | str
    last_month: dt.date | str
    extract_date: dt.date
    provenance: Mapping[str, str] = field(default_factory=dict)
    is_comparison: bool = False


def report_html(
    sections: Sequence[Section], about: About, language: str, title: str = REPORT_LABEL
) -> str:
    """One page of all chapters, in the order given; a failed chapter is a visible gap.

    ``title``: a message id about a ``municipality``.
    """
    translator = Translator(language)
    name = about.municipality_name or about.municipality_id
    return _template().render(
        language=language,
        title=translator.text(title, municipality=name),
        about=about,
        text=translator.text,
        css=Markup(_read_css()),
        sections=[
            {
                "anchor": section.anchor,
                "number": section.number,
                "title": section.title,
                "failure": section.failure,
                "body": Markup(section.body),
            }
            for section in sections
        ],
        provenance=Markup(provenance_html(about.provenance, translator)),
    )


@cache
def _template() -> Template:
    folder = str(files("watwerkt.publish") / "templates")
    environment = Environment(
        loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined
    )
    return environment.get_template("report.html.j2")


def _read_css() -> str:
    return (files("watwerkt.publish") / "templates" / "report.css").read_text(encoding="utf-8")
