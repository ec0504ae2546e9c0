"""A PDF as its reader meets it: words on pages (poppler) and the tagged structure (pikepdf)."""

import io
import re
import subprocess
from collections.abc import Iterator

import pikepdf
from bs4 import BeautifulSoup

WORD = re.compile(r'<word xMin="(.+?)" yMin="(.+?)" xMax="(.+?)" yMax="(.+?)">(.*?)</word>')
NOT_ON_PAPER = "details, .narrow, .skip, nav, title, style"
SAID = "h1, h2, h3, h4, p, li, dt, dd, caption, figcaption, th, td, svg text"


def read_words(pdf: bytes, *how: str) -> str:
    """What ``pdftotext`` finds, in the order in which it was written."""
    command = ["pdftotext", "-raw", *how, "-", "-"]
    return subprocess.run(command, input=pdf, capture_output=True, check=True).stdout.decode()


def read_pages(pdf: bytes) -> list[str]:
    """The text of each page."""
    return read_words(pdf).split("\f")[:-1]


def read_body(pdf: bytes) -> str:
    """All that stands below the running heads, without the feet of upright pages, squashed."""
    return squash(read_words(pdf, *["-x", "0", "-y", "60", "-W", "842", "-H", "720"]))


def squash(text: str) -> str:
    """Without spaces, hyphens and points, which depend on where a line ends."""
    return re.sub(r"[\s·\u00ad\u2010-]", "", text)


def said_by(page: str) -> list[str]:
    """What an HTML report says, and its PDF must say too: the smallest elements with text."""
    tree = BeautifulSoup(page, "html.parser")
    for left_out in tree.select(NOT_ON_PAPER):
        left_out.decompose()
    smallest = [e for e in tree.select(SAID) if not e.select(SAID)]
    return [text for e in smallest if (text := squash(e.get_text()))]


def outside(pdf: bytes, sides: float = 60, ends: float = 20) -> list[str]:
    """Words that come nearer than so many points to the sides or the ends of their page."""
    found = []
    for page in read_words(pdf, "-bbox").split("<page ")[1:]:
        width, height = (float(size) for size in re.findall(r'="(.+?)"', page)[:2])
        for word in WORD.finditer(page):
            left, top, right, bottom = (float(edge) for edge in word.groups()[:4])
            if min(left, width - right) < sides or min(top, height - bottom) < ends:
                found.append(word[5])
    return found


def structure(pdf: bytes) -> list[tuple[str, str, str]]:
    """Every element of the structure in reading order: its kind, its description, its scope."""
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        return list(_walk(opened.Root.StructTreeRoot))


def _walk(element: pikepdf.Object) -> Iterator[tuple[str, str, str]]:
    about = element.get("/A", {})
    yield tuple(str(x) for x in (element.get("/S"), element.get("/Alt"), about.get("/Scope")))
    kids = element.get("/K", [])
    for kid in kids if isinstance(kids, pikepdf.Array) else [kids]:
        if isinstance(kid, pikepdf.Dictionary):
            yield from _walk(kid)
