"""Every file of a folder, each by its kind; what cannot be opened is itself a finding."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile

import pyarrow as pa
from pypdf.errors import PyPdfError
from python_calamine import CalamineError

from watwerkt.disclosure.policy import Policy, read_policy
from watwerkt.errors import ParameterError
from watwerkt.publish.language import LOCALES, Translator
from watwerkt.publish.provenance import PROVENANCE_LABELS
from watwerkt.scan.columns import scan_columns
from watwerkt.scan.finding import Finding
from watwerkt.scan.pages import read_page, scan_page
from watwerkt.scan.pairs import scan_pairs
from watwerkt.scan.papers import open_document, read_pages, scan_document
from watwerkt.scan.tables import count_heads, scan_table
from watwerkt.scan.texts import scan_texts
from watwerkt.scan.workbooks import is_bomb, read_sheets, read_words, scan_parts

PAGE, BOOK = "report.html", "tables.xlsx"
REPORT = {PAGE, BOOK, "report.pdf", "estimates.parquet", "aggregates.parquet",
          "manifest.json"}  # fmt: skip
DESIGN = {"design.html", "design.pdf", "design.yaml"}
LARGEST = 200_000_000  # bytes
UNREADABLE = (
    BadZipFile, CalamineError, KeyError, ParseError, PyPdfError, RecursionError, UnicodeDecodeError,
    ValueError, pa.ArrowException, OSError,
)  # fmt: skip


def scan_folder(folder: Path, policy: Policy | None = None) -> list[Finding]:
    """What should not be in the files under ``folder``, in their order.

    Raises ParameterError where there is no such folder, or nothing in it.
    """
    paths = sorted(path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else []
    if not paths:
        raise ParameterError(f"{folder.name}: no such folder, or nothing in it to scan")
    policy = policy or read_policy()
    found = [f for path in paths for f in _scan(path, path.relative_to(folder).as_posix(), policy)]
    pages = [path for path in paths if path.name == PAGE and path.with_name(BOOK) in paths]
    return found + [f for path in pages for f in _compare(path, folder)]


def _compare(page: Path, folder: Path) -> list[Finding]:
    """The page and the workbook of one report; what cannot be read was found already."""
    book = page.with_name(BOOK)
    with suppress(*UNREADABLE):
        names = [path.relative_to(folder).as_posix() for path in (page, book)]
        tables = read_page(page.read_text(encoding="utf-8")).tables
        if not is_bomb(book):
            return list(scan_pairs((names[0], tables), (names[1], read_sheets(book))))
    return []


def _scan(path: Path, file: str, policy: Policy) -> Iterator[Finding]:
    if path.name not in REPORT | DESIGN:
        rule = "notebook" if path.suffix == ".ipynb" else "unexpected_file"
        yield Finding(file, "name", rule)
    if path.stat().st_size > LARGEST:
        yield Finding(file, "size", "too_large")
        return
    kind = KINDS.get(path.suffix, _scan_text)
    try:
        yield from kind(path, file, policy)
    except UNREADABLE:
        yield Finding(file, "file", "unreadable")


def _scan_html(path: Path, file: str, policy: Policy) -> Iterator[Finding]:
    page = read_page(path.read_text(encoding="utf-8"))
    yield from scan_page(file, page)
    yield from scan_texts(file, page.texts)
    for table in page.tables:
        yield from scan_table(file, table, page.language, policy)
    label = Translator(page.language).text(PROVENANCE_LABELS["policy_version"])
    if label not in (text for _, text in page.texts):
        yield Finding(file, "page", "no_context")


def _scan_xlsx(path: Path, file: str, policy: Policy) -> Iterator[Finding]:
    if is_bomb(path):
        yield Finding(file, "size", "too_large")
        return
    yield from scan_parts(file, path)
    yield from scan_texts(file, read_words(path))
    for table in read_sheets(path):
        language = max(LOCALES, key=lambda code: sum(h in table.heads for h in _words(code)))
        yield from scan_table(file, table, language, policy)


def _scan_pdf(path: Path, file: str, policy: Policy) -> Iterator[Finding]:
    reader = open_document(path)
    yield from scan_document(file, reader)
    yield from scan_texts(file, read_pages(reader))


def _scan_json(path: Path, file: str, policy: Policy) -> Iterator[Finding]:
    text = path.read_text(encoding="utf-8")
    json.loads(text)
    yield from scan_texts(file, [("text", text)])


def _scan_text(path: Path, file: str, policy: Policy) -> Iterator[Finding]:
    yield from scan_texts(file, [("text", path.read_text(encoding="utf-8", errors="replace"))])


def _words(language: str) -> list[str]:
    return list(count_heads(language))


KINDS: dict[str, Callable[[Path, str, Policy], Iterator[Finding]]] = {
    ".html": _scan_html,
    ".xlsx": _scan_xlsx,
    ".pdf": _scan_pdf,
    ".parquet": lambda path, file, policy: scan_columns(file, path, policy),
    ".json": _scan_json,
    ".ipynb": _scan_json,
}
