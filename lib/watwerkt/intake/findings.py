"""What is wrong with a delivery, said as file, column, rule and count: never as a value."""

from collections.abc import Iterable
from dataclasses import dataclass

from watwerkt.errors import Refused

PRIVACY_REMEDY = (
    "Nothing was written. The municipality takes these columns out, or runs "
    "`watwerkt pseudonymise` on its own side and delivers what that writes."
)


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One reason to refuse: ``count`` values of ``column`` in ``file`` break ``rule``.

    ``words`` says it in a sentence; ``column`` is empty where the whole file is meant.
    """

    file: str
    column: str
    rule: str
    count: int
    words: str = ""

    def sentence(self) -> str:
        """The line that a message shows."""
        where = f"{self.file}, {self.column}" if self.column else self.file
        return f"{where}: {self.words or self.rule} [{self.rule}: {self.count}]"


def refuse(error: type[Refused], findings: Iterable[Finding], remedy: str) -> None:
    """Raise ``error`` with every finding at once; nothing happens where there is none."""
    listed = sorted(set(findings))
    if not listed:
        return
    lines = [f"refused, {len(listed)} reason{'s' if len(listed) > 1 else ''}:"]
    lines += [f"  {finding.sentence()}" for finding in listed]
    reasons = [
        {"rule": f.rule, "file": f.file, "column": f.column, "count": f.count} for f in listed
    ]
    raise error("\n".join([*lines, remedy]), reasons)
