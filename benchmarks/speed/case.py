"""What a case of ``bench-speed`` is: data, our call, and the obvious alternative."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

Figures = list[float]


@dataclass(frozen=True)
class Case:
    """An estimator, what is set beside it, and how near their figures must be."""

    name: str
    other_name: str
    make: Callable[[np.random.Generator, int], pd.DataFrame]
    ours: Callable[[pd.DataFrame], Figures]
    other: Callable[[pd.DataFrame], Figures]
    rtol: float = 1e-6
