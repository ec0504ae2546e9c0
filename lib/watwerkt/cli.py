"""The command line: parse arguments, call one function, turn errors into exit codes.

0 done · 1 a chapter failed · 2 refused · 64 wrong use · 70 a fault of ours. Messages are English
and name files, tables, rules and counts; never a value of a person, never a traceback.

Each command imports what it calls, so that none waits for the libraries of another.
"""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from watwerkt.cli_many import batch, benchmark
from watwerkt.cli_options import (
    Folder,
    Kind,
    Language,
    Municipality,
    Named,
    OwnParams,
    Reports,
    named_delivery,
    shown,
    told,
)
from watwerkt.errors import ChapterError, WatwerktError
from watwerkt.params import check_params, read_params
from watwerkt.paths import workspace
from watwerkt.runtime.fault import explain

USAGE_OF_TYPER, WRONG_USE, INTERRUPTED = 2, 64, 130

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
mapping = typer.Typer(no_args_is_help=True, help="Mappings from a source's columns to ours.")
app.add_typer(mapping, name="mapping")


def main() -> None:
    """Run the command line and leave with one of the exit codes of the contract."""
    try:
        app()
    except SystemExit as ended:  # typer's own; our refusals come as errors
        sys.exit(WRONG_USE if ended.code == USAGE_OF_TYPER else ended.code)
    except WatwerktError as error:
        told.print("\n".join([str(error), *getattr(error, "__notes__", [])]))
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BaseException as fault:  # also a panic in a library, which is no Exception
        code, sentence = explain(fault, workspace().restricted / "fault.log")
        told.print(sentence)
        sys.exit(code)


@app.command()
def synth(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Gets one folder per municipality.")],
    municipality: Annotated[
        list[str], typer.Option(help="Fictional code, GM99…; may be repeated.")
    ],
    clients: Annotated[int, typer.Option(min=50, help="People on benefit at any time.")] = 2500,
    months: Annotated[int, typer.Option(min=12, help="Length of the window.")] = 72,
    seed: Annotated[int, typer.Option(min=0)] = 1,
    scenario: Annotated[Path | None, typer.Option(help="YAML with effects and rates.")] = None,
    dirt: Annotated[float, typer.Option(min=0, max=0.5, help="Share of rows with an error.")] = 0,
) -> None:
    """Make deliveries of people who do not exist, with the truth beside them."""
    from watwerkt.synthetic import Scenario, read_scenario, simulate, write_delivery

    effects = Scenario() if scenario is None else read_scenario(scenario)
    for code in municipality:
        check_params({"municipality_id": code}, source="--municipality")
        town = simulate(effects, code, clients, months, seed)
        write_delivery(town, out / code, dirt=dirt, seed=seed)
        shown.print(f"{code}: written")


@app.command()
def pseudonymise(
    delivery: Folder,
    key_file: Annotated[Path, typer.Option(help="The municipality's own key; stays there.")],
    out: Annotated[Path, typer.Option(help="Folder for the pseudonymised delivery.")],
) -> None:
    """Key the citizen service numbers and take out what identifies; run it on your own side."""
    from watwerkt.intake.pseudonymise import pseudonymise_delivery

    for sentence in pseudonymise_delivery(delivery, key_file, out):
        shown.print(sentence)


@mapping.command("init")
def mapping_init(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file of the export.")],
    out: Annotated[Path | None, typer.Option(help="Where to write; else it is printed.")] = None,
) -> None:
    """Draft a mapping from a file's header, for you to finish."""
    from watwerkt.intake.draft import write_draft

    shown.print(write_draft(file, out))


@app.command()
def check(
    delivery: Folder,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Say what would be refused, and what cleaning would do to how many rows; writes nothing."""
    from watwerkt.runtime.check import tell_check

    tell_check(delivery, workspace().params, shown, as_json=as_json)


@app.command()
def prepare(
    delivery: Folder,
    out: Annotated[Path | None, typer.Option(help="Instead of data/prepared.")] = None,
) -> None:
    """Clean a delivery and write what the chapters read."""
    from watwerkt.intake.about import read_about
    from watwerkt.runtime.prepare import run_prepare

    place = workspace(prepared=out)
    params = read_params(place.params, read_about(delivery).municipality_id)
    run_prepare(delivery, place.prepared / params.municipality_id, params, always=True)
    shown.print(f"{params.municipality_id}: prepared")


@app.command()
def report(
    municipality: Municipality,
    params: OwnParams = None,
    delivery: Named = None,
    language: Annotated[Language | None, typer.Option()] = None,
    chapters: Annotated[str, typer.Option(help="Numbers, as 01,03; else all.")] = "",
    timeout: Annotated[int, typer.Option(min=1, help="Seconds that a cell may take.")] = 3600,
    out: Reports = None,
) -> None:
    """Write the report of a municipality, and prepare its delivery first where that is needed."""
    from watwerkt.runtime.report import write_report

    place = workspace(out=out)
    given = {} if language is None else {"language": str(language)}
    chosen = read_params(place.params, municipality, own_file=params, **given)
    folder = place.delivery(municipality, delivery or named_delivery(chosen))
    numbers = [c for c in chapters.split(",") if c]
    failures = write_report(place, chosen, folder, told, numbers, timeout)
    if failures:
        raise ChapterError(f"{len(failures)} of the chapters failed; the others were written")
    shown.print(place.shown(place.reports / municipality / chosen.language / "report.html"))


@app.command()
def releases(
    municipality: Municipality,
    never_published: Annotated[
        int | None, typer.Option(metavar="NUMBER", help="Hold no later report to this one.")
    ] = None,
    because: Annotated[str, typer.Option(help="Why; it is kept with the release.")] = "",
    out: Reports = None,
) -> None:
    """List what was released of a municipality, which every later report is held to."""
    from watwerkt.runtime.releases import list_releases, withdraw

    check_params({"municipality_id": municipality}, source="GM")
    restricted = workspace(out=out).restricted
    if never_published is not None:
        withdraw(restricted, municipality, never_published, because)
    shown.print("\n".join(list_releases(restricted, municipality)))


@app.command()
def scan(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="As reports/GM0344.")],
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Open finished files as an attacker would, and say what should not be in them."""
    from watwerkt.scan import require_clean, scan_folder

    findings = scan_folder(folder)
    if as_json:
        reasons = [asdict(finding) for finding in findings]
        shown.print_json(json.dumps({"schema_version": 1, "findings": reasons}))
    require_clean(findings, folder.name)
    told.print(f"{folder.name}: nothing found")


@app.command()
def design(
    municipality: Municipality,
    params: OwnParams = None,
    delivery: Named = None,
    kind: Annotated[Kind, typer.Option(help="Persons by lot, or teams one by one.")] = Kind.lottery,
    language: Annotated[Language | None, typer.Option()] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the draw; have it drawn in public.")] = 1,
    clients: Annotated[int | None, typer.Option(min=1, help="How many take part.")] = None,
    share: Annotated[float | None, typer.Option(min=0.01, max=1, help="Or which share.")] = None,
    probability: Annotated[float, typer.Option(min=0.05, max=0.95, help="Of guidance.")] = 0.5,
    effect: Annotated[
        float | None, typer.Option(min=0.1, help="Days saved a year; else what pays for the staff.")
    ] = None,
    pair: Annotated[str | None, typer.Option(help="Usual and smaller caseload: 100-50.")] = None,
    start: Annotated[str | None, typer.Option(help="Month of the draw: 2025-03.")] = None,
    out: Reports = None,
) -> None:
    """Plan a trial that answers what this year could not, with its power, cost and list."""
    from watwerkt.runtime.design import Asked, write_design

    place = workspace(out=out)
    given = {} if language is None else {"language": str(language)}
    chosen = read_params(place.params, municipality, own_file=params, **given)
    folder = place.delivery(municipality, delivery or named_delivery(chosen))
    asked = Asked(kind.value, seed, start, effect, pair, probability, clients, share)
    page = write_design(place, chosen, folder, asked, told)
    shown.print(place.shown(page))


@app.command()
def plan(
    municipality: Municipality,
    params: OwnParams = None,
    delivery: Named = None,
    replace: Annotated[bool, typer.Option("--replace", help="A plan that is there.")] = False,
) -> None:
    """Register what counts and what could be seen, before outcomes are read."""
    from watwerkt.runtime.plan import write_plan

    place = workspace()
    chosen = read_params(place.params, municipality, own_file=params)
    folder = place.delivery(municipality, delivery or named_delivery(chosen))
    path, fingerprint = write_plan(place, chosen, folder, replace=replace)
    shown.print(f"{place.shown(path)}  sha256 {fingerprint}")


app.command()(batch)
app.command()(benchmark)
