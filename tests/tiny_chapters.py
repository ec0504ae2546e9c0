"""Small notebooks for tests of the runtime."""

from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

PARAMETERS = """
municipality_id: str = "GM9901"  # municipality code
language: str = "nl"  # of what is shown
prepared_dir: str = ""  # filled in by the runner
record_dir: str = ""  # filled in by the runner
""".strip()


def write_chapter(folder: Path, name: str, *cells: str, parameters: str = PARAMETERS) -> Path:
    """A chapter with a title in both languages, its parameters, and ``cells``."""
    folder.mkdir(parents=True, exist_ok=True)
    notebook = new_notebook(
        cells=[
            new_markdown_cell(f"# Kop van {name}", metadata={"tags": ["nl"]}),
            new_markdown_cell(f"# Title of {name}", metadata={"tags": ["en"]}),
            new_code_cell(parameters, metadata={"tags": ["parameters"]}),
            *map(new_code_cell, cells),
        ],
        metadata={
            "kernelspec": {"name": "python3", "display_name": "watwerkt", "language": "python"}
        },
    )
    path = folder / f"{name}.ipynb"
    nbformat.write(notebook, path)
    return path
