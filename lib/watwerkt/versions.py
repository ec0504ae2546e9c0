"""The schema version of every kind of file, and what to do about one of another version.

A version is raised when the meaning of a file changes. A newer file than is known here is always
refused: read by an older reader it would mean something else.
"""

from watwerkt.errors import VersionError

KNOWN = {
    "delivery": 1,
    "mapping": 2,
    "prepared": 2,
    "policy": 1,
    "estimates": 1,
    "aggregates": 1,
    "prices": 1,
    "chain_policy": 1,
    "plan": 1,
    "release": 1,
}
# Older versions that are read as they are: nothing in them means anything else now.
STILL_READ = {("mapping", 1)}
# What makes an older file a present one; the words end a sentence.
UPGRADES = {
    "plan": "run `watwerkt plan` again",
    "prepared": "run `watwerkt prepare` again (`watwerkt report` does so by itself)",
    "estimates": "run `watwerkt report` again with the delivery that it was made from",
    "aggregates": "run `watwerkt report` again with the delivery that it was made from",
}
BY_HAND = "docs/upgrading.md says what to change in it"


def require_version(kind: str, found: object, name: str) -> None:
    """Refuse the file ``name`` of this ``kind`` unless its schema version is one that is read.

    Raises VersionError, which says how to get a file, or a program, that fits.
    """
    known = KNOWN[kind]
    if type(found) is not int:
        raise VersionError(f"{name} must say schema_version: {known}")
    if found > known:
        raise VersionError(
            f"{name} is of schema_version {found}, this watwerkt knows up to {known}: "
            "install a newer one (git pull, then make env), or ask for an older file"
        )
    if found < known and (kind, found) not in STILL_READ:
        raise VersionError(
            f"{name} is of schema_version {found}, this watwerkt reads {known}: "
            + UPGRADES.get(kind, BY_HAND)
        )
