"""A PDF: what its pages say, its properties, and what is attached to it or would run."""

from collections.abc import Iterator
from pathlib import Path

from pypdf import PdfReader
from pypdf.generic import DictionaryObject

from watwerkt.scan.finding import Finding

KNOWN_PROPERTIES = {"/Producer", "/Title", "/Author", "/Subject", "/Creator", "/CreationDate",
                    "/ModDate", "/Keywords"}  # fmt: skip
ACTIVE = {"/OpenAction", "/AA", "/JavaScript", "/EmbeddedFiles", "/AcroForm", "/Collection"}
LONGEST = 2_000  # pages


def read_pages(reader: PdfReader) -> Iterator[tuple[str, str]]:
    """(page, text) of every page, and (property, text) of the document's own."""
    for number, page in enumerate(reader.pages, start=1):
        yield f"page {number}", page.extract_text()
    for name, value in (reader.metadata or {}).items():
        yield f"property {name.strip('/')}", str(value)


def scan_document(file: str, reader: PdfReader) -> Iterator[Finding]:
    """Attachments, scripts, forms, notes, and properties that a report does not have."""
    root = reader.root_object
    names = root.get("/Names", DictionaryObject()).get_object()
    n_active = len(ACTIVE & (set(root) | set(names)))
    if n_active:
        yield Finding(file, "document", "hidden_content", n_active)
    if strange := set(reader.metadata or {}) - KNOWN_PROPERTIES:
        yield Finding(file, "document", "metadata", len(strange))
    notes = sum(_n_notes(page) for page in reader.pages)
    if notes:
        yield Finding(file, "annotations", "hidden_content", notes)


def _n_notes(page: DictionaryObject) -> int:
    """Annotations that are no links within the document or to a public page."""
    found = [note.get_object() for note in page.get("/Annots", [])]
    return sum(note.get("/Subtype") != "/Link" for note in found)


def open_document(path: Path) -> PdfReader:
    """The document; raises pypdf's PdfReadError where it is none."""
    return PdfReader(path)
