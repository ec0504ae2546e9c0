"""The report on paper: the same HTML as a tagged PDF (PDF/UA-1), the same bytes every time.

WeasyPrint takes 2 seconds to import and needs Pango, so it is imported where it is used. The
typeface comes with this package: a page is laid out alike wherever it is made.
"""

from contextlib import redirect_stdout
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element, SubElement

from watwerkt.errors import LibraryError

if TYPE_CHECKING:
    import pydyf

FILES = files("watwerkt.publish")
SVG = "{http://www.w3.org/2000/svg}"
TYPEFACE = "IBM Plex Sans, DejaVu Sans, sans-serif"
ON_SCREEN_ONLY = {"details", "narrow", "skip"}  # tags and classes
PANGO_MISSING = (
    "the system library Pango is not installed; "
    "on Debian: apt-get install libpango-1.0-0 libpangoft2-1.0-0"
)


def report_pdf(page: str) -> bytes:
    """``page``, the report's HTML, as a PDF.

    Dates are those in its head, never the clock's. Nothing is fetched from anywhere: what the page
    would take from elsewhere is left out, as a browser leaves it out.

    Raises
    ------
    LibraryError
        Pango is not installed.
    """
    try:
        with redirect_stdout(None):  # where it prints its own installation guide
            from weasyprint import CSS, HTML
            from weasyprint.text.fonts import FontConfiguration
            from weasyprint.urls import URLFetcher
    except OSError:  # what it raises where a system library cannot be loaded
        raise LibraryError(PANGO_MISSING) from None
    fonts = FontConfiguration()
    faces = CSS(
        filename=str(FILES / "fonts" / "fonts.css"),
        font_config=fonts,
        url_fetcher=URLFetcher(allowed_protocols={"file"}),
    )
    document = HTML(string=page, url_fetcher=URLFetcher(allowed_protocols={"data"}))
    _leave_out_what_is_for_screens(document.etree_element)
    _describe_drawings(document.etree_element)
    _add_style(document.etree_element)
    return document.write_pdf(
        stylesheets=[faces], font_config=fonts, pdf_variant="pdf/ua-1", finisher=_scope_headers
    )


def _leave_out_what_is_for_screens(root: Element) -> None:
    """Take out a drawing's second version, its figures and the skip link.

    The page's own style hides them on paper; laying them out all the same takes a quarter longer.
    """
    for parent in list(root.iter()):
        for child in list(parent):
            if {child.tag, child.get("class")} & ON_SCREEN_ONLY:
                parent.remove(child)


def _add_style(root: Element) -> None:
    """Add the rules for paper after the page's own."""
    style = SubElement(next(root.iter("head")), "style")
    style.text = (FILES / "templates" / "pdf.css").read_text(encoding="utf-8")


def _describe_drawings(root: Element) -> None:
    """Give each drawing its description where a PDF looks for it, and the page's typeface."""
    for drawing in root.iter(f"{SVG}svg"):
        SubElement(drawing, f"{SVG}title").text = drawing.get("aria-label")
        drawing.set("font-family", TYPEFACE)


def _scope_headers(_document: Any, pdf: "pydyf.PDF") -> None:
    """Say of each head of a table whether it is a column's or a row's."""
    for cell in pdf.objects:
        if isinstance(cell, dict) and cell.get("S") == "/TH":
            is_column = _parent(pdf, _parent(pdf, cell))["S"] == "/THead"
            cell["A"]["Scope"] = "/Column" if is_column else "/Row"


def _parent(pdf: "pydyf.PDF", element: dict[str, Any]) -> dict[str, Any]:
    return pdf.objects[int(element["P"].split()[0])]
