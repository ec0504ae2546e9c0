"""What a scan finds: where and by which rule, never the value itself."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from watwerkt.errors import DisclosureError

REMEDIES = {
    "unexpected_file": "publish only what the report command writes",
    "notebook": "executed notebooks stay in restricted/",
    "unreadable": "write the report again: this file is not whole, or not what its name says",
    "too_large": "nothing that is published is as large as this",
    "identifier": "a pseudonym, a citizen service number or a key of persons",
    "contact_details": "an address, a telephone number, an e-mail address or an IBAN",
    "free_text": "a text that is not the report's own",
    "local_path": "a path, an address in memory or a trace of the machine that made it",
    "metadata": "a property of the document that the report does not write",
    "hidden_content": "what a reader does not see: a sheet, a row, a comment, a script, a file",
    "foreign_content": "something fetched from elsewhere, or that runs",
    "small_count": "a count below the threshold",
    "unrounded_count": "a count that is no multiple of the rounding base",
    "exact_share": "a percentage that is finer than the rounded counts beside it",
    "subtraction": "a hidden cell that follows from the total",
    "hidden_elsewhere": "hidden in one file, shown in another",
    "figure_without_data": "a figure without the table that it is drawn from",
    "no_context": "a table without its title, or a page without policy, period or mark",
    "contract": "columns or properties that the files of a report do not have",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule that a file breaks in one place.

    Attributes
    ----------
    file : its path within what was scanned.
    place : sheet, table, page or column; a name of ours, never a value.
    rule : a key of ``REMEDIES``.
    count : how often.
    """

    file: str
    place: str
    rule: str
    count: int = 1

    def __str__(self) -> str:
        return f"{self.file}, {self.place}: {self.rule}, {self.count} ({REMEDIES[self.rule]})"


def require_clean(findings: Sequence[Finding], what: str) -> None:
    """Raise DisclosureError, with every finding as a reason, where there are any."""
    if findings:
        sentences = "\n".join(map(str, findings))
        raise DisclosureError(
            f"{what} is not released, {len(findings)} places should not be there:\n{sentences}",
            [asdict(finding) for finding in findings],
        )
