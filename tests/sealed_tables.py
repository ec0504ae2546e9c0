"""Tables drawn in tests, sealed as they are: what the page does must not depend on the policy."""

import pandas as pd

from watwerkt.disclosure.policy import read_policy
from watwerkt.disclosure.protected import Protected, _seal


def sealed(frame: pd.DataFrame, n_suppressed: int = 0, is_synthetic: bool = False) -> Protected:
    """A protected frame of just this content."""
    return _seal(frame, "counts", read_policy(is_synthetic=is_synthetic), n_suppressed)


def table(text: str) -> pd.DataFrame:
    """Read a table drawn in a test: months are dates, whole numbers Int64, ``–`` is suppressed."""
    header, *rows = [line.split() for line in text.strip().splitlines()]
    frame = pd.DataFrame(rows, columns=header).replace("–", None)
    for name in frame:
        if name == "month":
            frame[name] = pd.to_datetime(frame[name])
        elif name.startswith("n_"):
            frame[name] = frame[name].astype("Int64")
        elif name.startswith(("share", "conf", "p_value")):
            frame[name] = frame[name].astype("float64")
    return frame
