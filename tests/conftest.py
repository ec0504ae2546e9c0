"""What every test may ask for: the repository, and other programs where they are there."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from ctypes.util import find_library
from functools import cache
from pathlib import Path

import hypothesis
import pytest
from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).parents[1]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
LOCALE = """<?xml version="1.0"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Setup/L10N"><prop oor:name="ooSetupSystemLocale" oor:op="fuse">
<value>{}</value></prop></item></oor:items>"""
hypothesis.settings.register_profile("watwerkt", deadline=None)  # how fast is no property
hypothesis.settings.load_profile("watwerkt")
QUIETLY = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def find_chromium() -> str | None:
    """``$CHROMIUM``, or the first Chromium on the path."""
    named = [os.environ.get("CHROMIUM", "")]
    return next((p for n in [*named, *BROWSERS] if n and (p := shutil.which(n))), None)


def find_soffice() -> str | None:
    """``$SOFFICE``, or LibreOffice on the path."""
    named = [os.environ.get("SOFFICE", ""), "soffice", "libreoffice"]
    return next((p for n in named if n and (p := shutil.which(n))), None)


def find_paper() -> bool:
    """Whether a PDF can be made (Pango) and read (poppler's ``pdftotext``)."""
    return bool(find_library("pango-1.0") and shutil.which("pdftotext"))


@cache
def absent() -> dict[str, str]:
    """Marks whose program is not there, and what to say of it."""
    hints = {}
    if not find_chromium():
        hints["browser"] = (
            "NO CHROMIUM: THE BROWSER TESTS DID NOT RUN. "
            "Install one (Debian: apt-get install chromium) or set CHROMIUM."
        )
    if not find_soffice():
        hints["office"] = (
            "NO LIBREOFFICE: NOBODY READ THE WORKBOOK AGAIN. "
            "Install it (Debian: apt-get install libreoffice-calc-nogui) or set SOFFICE."
        )
    if not find_paper():
        hints["paper"] = (
            "NO PANGO OR NO POPPLER: NOBODY MADE OR READ THE PDF. Install them "
            "(Debian: apt-get install libpango-1.0-0 libpangoft2-1.0-0 poppler-utils)."
        )
    return hints


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The longest first, that no worker waits for them at the end; what has no program, not at all.

    What is left out for want of a program the summary says.
    """
    items.sort(key=lambda item: "e2e" not in item.keywords and item.path.suffix != ".ipynb")
    left_out = [item for item in items if absent().keys() & set(item.keywords)]
    if left_out:
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=left_out)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for hint in absent().values():
        terminalreporter.section(hint.partition(". ")[0], red=True)
        terminalreporter.line(hint.partition(". ")[2])


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, driven by playwright; for tests marked ``browser``."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=QUIETLY)
        yield browser
        browser.close()


@pytest.fixture
def soffice(tmp_path: Path) -> Callable[..., Path]:
    """Convert a file with LibreOffice, of ``locale``; for tests marked ``office``."""

    def convert(path: Path, kind: str, locale: str = "en-US") -> Path:
        profile = tmp_path / f"profile-{locale}"
        (profile / "user").mkdir(parents=True, exist_ok=True)
        (profile / "user" / "registrymodifications.xcu").write_text(LOCALE.format(locale))
        subprocess.run(
            [
                *(find_soffice() or "soffice", f"-env:UserInstallation={profile.as_uri()}"),
                *("--headless", "--convert-to", kind, "--outdir", path.parent / locale, path),
            ],
            check=True,
            capture_output=True,
            timeout=300,
        )
        return path.parent / locale / f"{path.stem}.{kind}"

    return convert
