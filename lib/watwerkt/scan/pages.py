"""A report's page: its texts, its tables, and what a browser would load or hide."""

from collections.abc import Iterator
from html.parser import HTMLParser

from watwerkt.publish.language import NOTHING, Translator
from watwerkt.scan.finding import Finding
from watwerkt.scan.tables import Table, Value

VOID = {"meta", "link", "br", "hr", "img", "input", "rect", "path", "use", "circle", "line", "stop"}
RUNS = {"script", "iframe", "object", "embed", "applet", "form", "base", "frame", "video", "audio"}
LOADS = {"src", "srcset", "data", "action", "poster", "background", "formaction"}
SPOKEN = {"alt", "aria-label", "title", "content", "aria-description"}


class Page(HTMLParser):
    """What a page holds, gathered tag by tag.

    Attributes
    ----------
    language : of the page.
    texts : (place, text), of what is visible and of what is spoken or described.
    tables : those with a head.
    n_runs, n_foreign, n_comments, n_bare_figures, n_bare_tables : what should be nought.
    """

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.language = "nl"
        self.texts: list[tuple[str, str]] = []
        self.tables: list[Table] = []
        self.n_runs = self.n_foreign = self.n_comments = 0
        self.n_bare_figures = self.n_bare_tables = 0
        self._open: list[str] = []
        self._rows: list[list[str]] = []
        self._heads: list[str] = []
        self._caption = self._cell = ""
        self._place, self._wants_data = "page", False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what the tag loads, runs or says, and begin its table, row or cell."""
        given = {name: value or "" for name, value in attrs}
        self.language = given.get("lang", self.language) if tag == "html" else self.language
        self.n_runs += (tag in RUNS) + sum(name.startswith("on") for name in given)
        self.n_foreign += sum(_is_foreign(tag, name, value) for name, value in given.items())
        self.texts += [(f"{tag} {n}", v) for n, v in given.items() if n in SPOKEN and v]
        self._place = given.get("id", self._place) if tag in ("section", "figure") else self._place
        if tag not in VOID:
            self._open.append(tag)
        match tag:
            case "table":
                self._rows, self._heads, self._caption = [], [], ""
            case "tr":
                self._rows.append([])
            case "td" | "th" | "caption":
                self._cell = ""
            case "figure":
                self.n_bare_figures += self._wants_data
                self._wants_data = True

    def handle_endtag(self, tag: str) -> None:
        """Take over the cell, the caption or the table that ends here."""
        while self._open and self._open.pop() != tag:
            pass
        match tag:
            case "caption":
                self._caption = self._cell.strip()
            case "td" | "th" if self._rows:
                self._rows[-1].append(self._cell.strip())
            case "thead":
                self._heads, self._rows = (self._rows or [[]])[-1], []
            case "table":
                self._take_table()

    def handle_data(self, data: str) -> None:
        """Text, but for style sheets."""
        if self._open and self._open[-1] in ("style", "script"):
            return
        self._cell += data
        if data.strip():
            self.texts.append((self._place, data))

    def handle_comment(self, data: str) -> None:
        """A comment is text that nobody sees."""
        self.n_comments += 1
        self.texts.append(("comment", data))

    def _take_table(self) -> None:
        self.n_bare_tables += not self._caption
        self._wants_data = False
        rows = [row for row in self._rows if len(row) == len(self._heads)]
        if self._heads and rows:
            place = f"{self._place}, table {len(self.tables) + 1}"
            cells = [[_value(cell, self.language) for cell in row] for row in rows]
            self.tables.append(Table(place, self._caption, self._heads, cells))


def read_page(text: str) -> Page:
    """Everything in an HTML text."""
    page = Page()
    page.feed(text)
    page.close()
    page.n_bare_figures += page._wants_data
    return page


def scan_page(file: str, page: Page) -> Iterator[Finding]:
    """What a page runs, loads, hides, or shows without its context."""
    found = {
        "hidden_content": page.n_comments + page.n_runs,
        "foreign_content": page.n_foreign,
        "figure_without_data": page.n_bare_figures,
        "no_context": page.n_bare_tables,
    }
    for rule, count in found.items():
        if count:
            yield Finding(file, "page", rule, count)


def _is_foreign(tag: str, name: str, value: str) -> bool:
    """Whether it fetches something, from elsewhere or from the page itself (``data:``)."""
    if name in LOADS or (tag, name) == ("link", "href"):
        return value not in ("", "data:,")
    return name in ("href", "xlink:href") and tag in ("use", "image") and not value.startswith("#")


def _value(cell: str, language: str) -> Value:
    """A cell as a number where it is one, as the page's language writes it."""
    thousand, decimal = (".", ",") if Translator(language).language == "nl" else (",", ".")
    plain = cell.replace(thousand, "").replace(decimal, ".").replace("−", "-")
    share = plain.removesuffix("%").strip()
    try:
        number = float(share)
    except ValueError:
        return NOTHING if cell in ("", NOTHING) else cell
    return number / 100 if share != plain else number
