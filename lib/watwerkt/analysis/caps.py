"""What keeps a design from being called evidence, however good its figures look.

In ``benchmarks/truth`` each design is drawn in worlds that break what it rests on. Where that takes
the interval off the truth and no diagnostic of the chapter notices (fewer than four draws in
five), a reader could not notice either: such a design is at most indicative. ``caps.yaml`` lists
them, with the word by which the chapter says why.
"""

from functools import cache
from importlib.resources import files

import yaml


@cache
def read_caps() -> dict[str, str]:
    """Design → what can deceive it unseen."""
    text = (files("watwerkt.analysis") / "caps.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(text) or {}


def cap_verdict(design: str, status: str, reason: str) -> tuple[str, str]:
    """Status and reason as the rule of a design gave them, or those of its cap."""
    if status == "evidence" and design in read_caps():
        return "indicative", read_caps()[design]
    return status, reason
