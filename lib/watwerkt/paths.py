"""Where files live: the only module that knows the folder tree."""

import os
from dataclasses import dataclass
from pathlib import Path

from watwerkt.errors import ParameterError


@dataclass(frozen=True, slots=True)
class Workspace:
    """The folders of one working copy; ``root`` holds ``data/``, ``notebooks/`` and the others.

    Attributes
    ----------
    root : the working copy.
    prepared, reports, restricted : where prepared data, published and restricted files go.
    """

    root: Path
    prepared: Path
    reports: Path
    restricted: Path

    @property
    def notebooks(self) -> Path:
        """The chapters, one notebook each."""
        return self.root / "notebooks"

    @property
    def params(self) -> Path:
        """``defaults.yaml`` and one file per municipality."""
        return self.root / "papermill_params"

    def delivery(self, municipality_id: str, named: Path | None = None) -> Path:
        """The delivery folder: the one named, else ``data/raw``, else ``data/sample``."""
        candidates = [self.root / "data" / kind / municipality_id for kind in ("raw", "sample")]
        if named is not None:
            candidates = [named if named.is_absolute() else self.root / named]
        for folder in candidates:
            if (folder / "delivery.yaml").is_file():
                return folder
        raise ParameterError(
            f"no delivery of {municipality_id}: no delivery.yaml in "
            + " or ".join(self.shown(folder) for folder in candidates)
            + "; name the folder with --delivery"
        )

    def shown(self, path: Path) -> str:
        """``path`` as it may be printed: relative to the working copy where it lies inside."""
        return str(path.relative_to(self.root)) if path.is_relative_to(self.root) else path.name


def workspace(out: Path | None = None, prepared: Path | None = None) -> Workspace:
    """The working copy that this package is installed from, or ``$WATWERKT_ROOT``.

    ``out`` moves the published reports; the restricted files then go beside it, in
    ``restricted/``, never into it.
    """
    root = Path(os.environ.get("WATWERKT_ROOT", Path(__file__).parents[2])).resolve()
    reports = root / "reports" if out is None else out.resolve()
    return Workspace(
        root=root,
        prepared=root / "data" / "prepared" if prepared is None else prepared.resolve(),
        reports=reports,
        restricted=reports.parent / "restricted",
    )
