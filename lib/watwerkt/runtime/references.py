"""Make what is committed of the sample again: the example report, the released bundle, outputs.

``make notebooks`` runs this as a program. On the same code and lock it gives the same bytes, so
``git diff --exit-code`` after it shows every changed figure.
"""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from nbclient import NotebookClient
from rich.console import Console

from watwerkt.errors import ChapterError
from watwerkt.params import read_params
from watwerkt.paths import Workspace, workspace
from watwerkt.runtime.kernel import kernel_options
from watwerkt.runtime.report import write_report
from watwerkt.runtime.run import CELL_TIMEOUT_SECONDS

SAMPLE = "GM9901"
RELEASED = ("estimates.parquet", "aggregates.parquet")
METADATA = {
    "kernelspec": {"display_name": "watwerkt", "language": "python", "name": "python3"},
    "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"},
}


def write_references(place: Workspace, console: Console) -> None:
    """Write the example report, from it the released bundle, and every notebook's outputs."""
    _write_example(place, console)
    for notebook in sorted(place.notebooks.glob("*.ipynb")):
        with console.status(notebook.stem):
            write_outputs(notebook)
        console.print(f"{notebook.stem}: outputs written")


def write_outputs(notebook: Path) -> None:
    """Run ``notebook`` as it stands and store its outputs, without clock or machine."""
    content = nbformat.read(notebook, as_version=4)
    with TemporaryDirectory() as folder, kernel_options(Path(folder, "log")) as options:
        client = NotebookClient(
            content,
            timeout=CELL_TIMEOUT_SECONDS,
            kernel_name="python3",
            record_timing=False,
            resources={"metadata": {"path": str(notebook.parent)}},
            **options,
        )
        client.execute()
    content.metadata = nbformat.from_dict(METADATA)
    nbformat.write(content, notebook)


def _write_example(place: Workspace, console: Console) -> None:
    params = read_params(place.params, SAMPLE)
    delivery = place.root / "data" / "sample" / SAMPLE
    with TemporaryDirectory() as folder:
        aside = workspace(out=Path(folder, "reports"))
        if failed := write_report(aside, params, delivery, console):
            raise ChapterError("; ".join(outcome.sentence for outcome in failed))
        written = aside.reports / SAMPLE / params.language
        shutil.copytree(written, place.reports / "example", dirs_exist_ok=True)
        for name in RELEASED:
            bundle = place.root / "data" / "sample" / "released" / SAMPLE
            bundle.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(written / name, bundle / name)


if __name__ == "__main__":
    write_references(workspace(), Console(stderr=True, highlight=False))
