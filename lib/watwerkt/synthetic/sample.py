"""The committed sample: three fictional municipalities, so that none is taken for a real town."""

from dataclasses import dataclass, replace
from pathlib import Path

from watwerkt.schemas import tables
from watwerkt.synthetic.deliver import Simulated, simulate
from watwerkt.synthetic.scenario import Scenario
from watwerkt.synthetic.write import Format, write_delivery

N_MONTHS = 72


@dataclass(frozen=True, slots=True)
class SampleTown:
    """One municipality of the sample."""

    municipality_id: str
    n_clients: int
    seed: int
    format: Format
    only_required: bool = False


TOWNS = (
    SampleTown("GM9901", 2500, 1, "mixed"),
    SampleTown("GM9902", 800, 2, "csv", only_required=True),
    SampleTown("GM9903", 1200, 3, "gws4all_xlsx"),
)


def write_sample(folder: Path) -> None:
    """Write every town of the sample to its own folder in ``folder``; the same bytes every time."""
    for town in TOWNS:
        simulated = simulate(Scenario(), town.municipality_id, town.n_clients, N_MONTHS, town.seed)
        if town.only_required:
            simulated = keep_required(simulated)
        write_delivery(simulated, folder / town.municipality_id, town.format)


def keep_required(simulated: Simulated) -> Simulated:
    """Only the tables without which nothing can be said."""
    required = {name: t for name, t in simulated.tables.items() if tables()[name].required}
    return replace(simulated, tables=required)
