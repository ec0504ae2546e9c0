"""Finished artefacts, opened as an attacker would: what in them should not be there.

>>> scan_folder(Path("reports/GM0344/nl"), policy)       # doctest: +SKIP

Nothing of how they were made is trusted: files are read from disk as anybody has them.
"""

from watwerkt.scan.finding import Finding, require_clean
from watwerkt.scan.folder import scan_folder

__all__ = ["Finding", "require_clean", "scan_folder"]
