"""How well does ``watwerkt mapping init`` guess? Files it has never seen, with their true mapping.

    python benchmarks/mapping_init.py            set_a, file by file
    python benchmarks/mapping_init.py set_b

The sets are described in ``tests/golden/headers/README.md``; the guesser is not tuned on them.
A source column is *right* when the draft puts it where the truth has it, in every table, or leaves
it out where the truth does. A guess is *wrong* when the truth does not have it.
"""

import sys
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import yaml

from watwerkt.intake.choice import choose_tables
from watwerkt.intake.formats import read_raw

HEADERS = Path(__file__).parents[1] / "tests" / "golden" / "headers"
Place = tuple[str, str]  # canonical table and column


@dataclass(frozen=True)
class Score:
    """Counts of one file: source columns, those right; guesses, those wrong, wrong though sure."""

    n_columns: int
    n_right: int
    n_guesses: int
    n_sure: int
    n_wrong: int
    n_wrong_sure: int

    def __add__(self, other: "Score") -> "Score":
        return Score(*map(sum, zip(astuple(self), astuple(other), strict=True)))


def read_score(truth: Path) -> Score:
    """The score of the file beside ``truth``."""
    file = next(p for p in truth.parent.glob(f"{truth.stem}.*") if p != truth)
    raw = read_raw(file.parent, file.name)
    guesses = [
        (t, c, g) for t, found in choose_tables(raw, file.name).items() for c, g in found.items()
    ]
    answers = yaml.safe_load(truth.read_text(encoding="utf-8"))["columns"]
    right = sum(
        is_right(a, {(t, c) for t, c, g in guesses if g.source == s}) for s, a in answers.items()
    )
    wrong = [g for t, c, g in guesses if (t, c) not in allowed(answers[g.source])]
    return Score(
        n_columns=len(answers),
        n_right=right,
        n_guesses=len(guesses),
        n_sure=sum(g.is_sure for _, _, g in guesses),
        n_wrong=len(wrong),
        n_wrong_sure=sum(g.is_sure for g in wrong),
    )


def is_right(answer: dict[str, Any] | None, placed: set[Place]) -> bool:
    """Whether a source column stands everywhere it should, and nowhere else."""
    for table, columns in (answer or {}).items():
        choices = columns if isinstance(columns, list) else [columns]
        here = {column for t, column in placed if t == table}
        if not (here <= {*choices} and (here or None in choices)):
            return False
    return placed <= allowed(answer)


def allowed(answer: dict[str, Any] | None) -> set[Place]:
    """Where a source column may stand."""
    return {
        (table, column)
        for table, columns in (answer or {}).items()
        for column in (columns if isinstance(columns, list) else [columns])
        if column is not None
    }


def read_scores(chosen: str) -> dict[str, Score]:
    """File → score, for one set."""
    return {p.stem: read_score(p) for p in sorted((HEADERS / chosen).glob("*.yaml"))}


def read_total(chosen: str) -> Score:
    """The score of one set."""
    return sum(read_scores(chosen).values(), start=Score(0, 0, 0, 0, 0, 0))


def main(chosen: str = "set_a") -> None:
    """Print one line a file, and the total."""
    print(f"{'file':40} columns  right  share  guesses  sure  wrong  wrong and sure")
    for name, s in [*read_scores(chosen).items(), ("all", read_total(chosen))]:
        share = f"{s.n_right / s.n_columns:.0%}"
        print(
            f"{name:40} {s.n_columns:7} {s.n_right:6} {share:>6} {s.n_guesses:8} {s.n_sure:5} "
            f"{s.n_wrong:6} {s.n_wrong_sure:15}"
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
