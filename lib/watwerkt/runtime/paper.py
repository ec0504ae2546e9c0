"""The report on paper, or a loud word on why there is none."""

from pathlib import Path

from rich.console import Console

from watwerkt.errors import LibraryError
from watwerkt.publish.pdf import report_pdf

FILE = "report.pdf"


def write_pdf(page: str, folder: Path, console: Console, name: str = FILE) -> dict[str, str]:
    """Write the PDF ``name`` of ``page``, the report's HTML; file → why it was not written.

    A report without a PDF is still a report: what is missing is said here and in the manifest.
    """
    with console.status(name):
        try:
            content = report_pdf(page)
        except LibraryError as error:
            console.print(f"WITHOUT {name}: {error}", style="bold red")
            return {name: str(error)}
    (folder / name).write_bytes(content)
    return {}
