"""The worlds that designs are held to: the planted effect is the one the table calls truth."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest

from replications import World, describe, draw_all
from trial_worlds import COMES, trial_world


@pytest.mark.parametrize("cluster_size", [0, 50])
def test_the_lottery_does_what_is_planted_and_who_comes_is_selected(cluster_size):
    worlds = [
        trial_world(np.random.default_rng(seed), 20_000, 0.10, cluster_size) for seed in range(20)
    ]
    rows = pd.concat(worlds)
    by_arm = rows.groupby("arm")["outcome"].mean()
    assert by_arm["intensive"] - by_arm["usual"] == pytest.approx(0.10 * COMES, abs=0.005)
    came = rows.groupby("took_up")["outcome"].mean()
    assert came[True] - came[False] > 0.10 + 0.01  # those who come are nearer to work


def test_a_run_goes_on_where_it_was_and_counts_draws_that_state_nothing(tmp_path):
    asked = []

    def draw(seed: int) -> dict[str, float]:
        asked.append(seed)
        return {"estimate": seed, "low": -1.0, "high": 1.0, "p": 0.5, "naive": 2.0}

    world, kept = World("world", 0.5, draw), tmp_path / "draws.parquet"
    with ThreadPoolExecutor(1) as pool:
        draw_all(world, 2, kept, pool)
        draws = draw_all(world, 4, kept, pool)
    assert asked == [0, 1, 2, 3]
    line = describe(world, draws.assign(estimate=[0.0, 1.0, 2.0, np.nan]))
    assert "| 3 of 4 | 1.000 | 1.000 | +0.500" in line
    assert "100.0%" in line
