"""What commands of the command line have in common: arguments, options, and where they print."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from watwerkt.params import ReportParams

told = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
shown = Console(highlight=False, markup=False, soft_wrap=True)

Folder = Annotated[Path, typer.Argument(metavar="DELIVERY", help="Holds delivery.yaml.")]
Municipality = Annotated[str, typer.Argument(metavar="GM", help="GM and four digits.")]
OwnParams = Annotated[Path | None, typer.Option(help="Instead of papermill_params/<GM>.yaml.")]
Named = Annotated[Path | None, typer.Option(help="Folder with delivery.yaml.")]
Reports = Annotated[Path | None, typer.Option(help="Instead of reports.")]


class Kind(StrEnum):
    """The trials that can be planned."""

    lottery = "lottery"
    stepped_wedge = "stepped-wedge"


class Language(StrEnum):
    """The languages of a report."""

    nl = "nl"
    en = "en"


def named_delivery(params: ReportParams) -> Path | None:
    """The delivery that the parameters name."""
    return Path(params.delivery) if params.delivery else None
