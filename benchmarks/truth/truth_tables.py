"""The tables of ``bench-truth``: what designs recover, and what they cannot stand unseen."""

import numpy as np
import pandas as pd
from scipy.stats import t as student_t

from worlds import World

Found = list[tuple[World, pd.DataFrame]]  # draws: one row per seed and design
HEADS = (
    "world", "truth", "draws", "median", "mean", "bias", "sd", "coverage", "power", "naive",
    "naive coverage", "evidence", "coverage, evidence", "pooled", "coverage, pooled",
)  # fmt: skip
VIOLATED = (
    "world",
    "violated",
    "truth",
    "draws",
    "median",
    "bias",
    "coverage",
    "flagged",
    "verdict",
)
MUNICIPALITIES, POOLS = 100, 1000
LEVEL, MIN_FLAGGED = 95.0, 80.0  # per cent: clearly below both, a violation deceives unseen
CAPPED, FREE = "capped", "as judged"
NOTHING = "–"


def truth_page(found: Found) -> str:
    """Both tables, as they are kept in table.md."""
    sound = [(w, d) for w, d in found if not w.violates]
    violated = [(w, d) for w, d in found if w.violates]
    return "\n".join(
        [
            "# What the designs recover",
            "",
            "Made by `make bench-truth`. [README.md](../README.md) says what each column is.",
            "",
            *_write(HEADS, [describe(*one) for one in _by_design(sound)]),
            "",
            "## What they cannot stand",
            "",
            *_write(VIOLATED, [describe_violation(*one) for one in _by_design(violated)]),
            "",
        ]
    )


def describe(world: World, design: str, draws: pd.DataFrame) -> list[str]:
    """One line of the first table."""
    truth, stated = world.truths[design], draws.dropna(subset="estimate")
    return [
        f"{design}: {world.name}",
        *_figures(truth, stated, len(draws)),
        _percent(stated["p"].dropna() < 0.05),
        f"{stated['naive'].mean():.3f}",
        _percent(_covers(stated, truth, "naive_low", "naive_high")),
        _percent(stated.get("status", pd.Series(dtype=str)) == "evidence"),
        _percent(_covers(stated[stated.get("status") == "evidence"], truth)),
        *_pooled(stated, truth),
    ]


def describe_violation(world: World, design: str, draws: pd.DataFrame) -> list[str]:
    """One line of the second table, with the verdict that follows from it."""
    truth, stated = world.truths[design], draws.dropna(subset="estimate")
    _, counted, median, _, bias, _, coverage = _figures(truth, stated, len(draws))
    flagged = _percent(stated.get("is_flagged", pd.Series(False, stated.index)).astype(bool))
    by_chance = 2 * np.sqrt(LEVEL * (100 - LEVEL) / max(len(stated), 1))
    covers_less = float(coverage[:-1]) < LEVEL - by_chance
    deceives = covers_less and float(flagged[:-1]) < MIN_FLAGGED
    return [
        f"{design}: {world.name}", world.violates, f"{truth:.3f}", counted, median, bias, coverage,
        flagged, CAPPED if deceives else FREE,
    ]  # fmt: skip


def caps_yaml(page: str) -> str:
    """The file of caps that follows from the second table of a page: design → what is worst."""
    lines = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("| P")]
    capped = [dict(zip(VIOLATED, line, strict=True)) for line in lines if line[-1] == CAPPED]
    capped.sort(key=lambda line: -float(line["coverage"].rstrip("%")))  # the worst comes last
    caps = {line["world"].split(":")[0]: line["violated"] for line in capped}
    head = (
        "# Designs that a violation can deceive unseen, and the worst: at most indicative. Made\n"
        "# from benchmarks/truth/table.md by `make bench-truth`; a test holds both equal.\n"
    )
    return head + "".join(f"{design}: {word}\n" for design, word in sorted(caps.items()))


def pool(draws: pd.DataFrame) -> tuple[float, float]:
    """Estimate over municipalities as a ratio of sums, and its error clustered by municipality."""
    top, bottom = draws["numerator"].to_numpy(), draws["denominator"].to_numpy()
    n, estimate = len(top), top.sum() / bottom.sum()
    rest = top - estimate * bottom
    return float(estimate), float(np.sqrt(n / (n - 1) * rest @ rest) / abs(bottom.sum()))


def _pooled(stated: pd.DataFrame, truth: float) -> list[str]:
    """Median and coverage over pools of municipalities, each drawn with replacement."""
    if len(stated) < MUNICIPALITIES:
        return [NOTHING, NOTHING]
    draws = stated
    if "numerator" not in stated:
        draws = stated.assign(numerator=stated["estimate"], denominator=1.0)
    draws = draws[["numerator", "denominator"]].astype(float)
    rng = np.random.default_rng(0)
    pools = [
        pool(draws.sample(MUNICIPALITIES, replace=True, random_state=rng)) for _ in range(POOLS)
    ]
    estimate, error = np.array(pools).T
    width = student_t.ppf(0.975, MUNICIPALITIES - 1) * error
    return [f"{np.median(estimate):.3f}", _percent(np.abs(estimate - truth) <= width)]


def _figures(truth: float, stated: pd.DataFrame, n_draws: int) -> list[str]:
    estimate = stated["estimate"]
    noise = 1.25 * estimate.std() / max(len(stated), 1) ** 0.5  # of a median
    return [
        f"{truth:.3f}",
        f"{len(stated)} of {n_draws}",
        f"{estimate.median():.3f}",
        f"{estimate.mean():.3f}",
        f"{estimate.median() - truth:+.3f} ± {noise:.3f}",
        f"{estimate.std():.3f}",
        _percent(_covers(stated, truth)),
    ]


def _covers(
    stated: pd.DataFrame, truth: float, low: str = "low", high: str = "high"
) -> "pd.Series[bool]":
    """An interval without an end on a side covers all beyond; no interval at all is left out."""
    if low not in stated:
        return pd.Series(dtype=bool)
    return ~(stated[low] > truth) & ~(stated[high] < truth)


def _percent(are: "pd.Series[bool] | np.ndarray") -> str:
    return f"{np.mean(are):.1%}" if len(are) else NOTHING


def _by_design(found: Found) -> list[tuple[World, str, pd.DataFrame]]:
    """Design by design in the order of their names, each in the order of its worlds."""
    rows = [
        (world, design, draws[draws["design"] == design])
        for world, draws in found
        for design in world.truths
    ]
    return sorted(rows, key=lambda row: row[1])


def _write(heads: tuple[str, ...], lines: list[list[str]]) -> list[str]:
    rows = [list(heads), ["---"] * len(heads), *lines]
    return [f"| {' | '.join(row)} |" for row in rows]
