"""What every test may ask for: the repository, and a Chromium where there is one."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).parents[1]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
QUIETLY = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def find_chromium() -> str | None:
    """``$CHROMIUM``, or the first Chromium on the path."""
    named = [os.environ.get("CHROMIUM", "")]
    return next((p for n in [*named, *BROWSERS] if n and (p := shutil.which(n))), None)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without a Chromium the browser tests are left out, and the summary says so."""
    if find_chromium():
        return
    left_out = [item for item in items if "browser" in item.keywords]
    items[:] = [item for item in items if "browser" not in item.keywords]
    config.hook.pytest_deselected(items=left_out)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not find_chromium():
        terminalreporter.section("NO CHROMIUM: THE BROWSER TESTS DID NOT RUN", red=True)
        terminalreporter.line("Install one (Debian: apt-get install chromium) or set CHROMIUM.")


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
