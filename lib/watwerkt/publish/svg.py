"""A matplotlib figure as inline SVG: the same bytes every time, readable aloud, ids of its own.

Text stays text, in the page's own typeface: it can be searched, and it does not depend on how a
font's outlines were compiled. It is laid out in DejaVu Sans, which is wider than the others named.
"""

import html
import io
import re

from matplotlib.figure import Figure

FAMILY = "Segoe UI, Helvetica Neue, Arial, Liberation Sans, DejaVu Sans, sans-serif"
NOISE = re.compile(
    r'<metadata>.*?</metadata>|<!--.*?-->| transform="rotate\(-?0 [^"]*"|font-family: [^;"]*;? ?',
    re.DOTALL,
)
ID = re.compile(r'\sid="([^"]+)"')
REFERENCE = re.compile(r'(?:href="#|url\(#)([^")]+)')
GEOMETRY = re.compile(r'(\s(?:d|x|y|width|height)="|translate\(|rotate\()([^")]+)')
DECIMALS = re.compile(r"-?\d+\.\d{3,}")


def figure_svg(figure: Figure, prefix: str, alt: str) -> str:
    """One ``<svg role="img">`` whose ids begin with ``prefix`` and are numbered as they occur."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    source = NOISE.sub("", buffer.getvalue()).replace("xlink:href", "href")
    head, _, body = source[source.index("<svg") :].partition(">")
    box = re.search(r'viewBox="[^"]+"', head)
    body = GEOMETRY.sub(lambda m: m[1] + DECIMALS.sub(_shorten, m[2]), _number_ids(body, prefix))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{html.escape(alt)}" '
        f'font-family="{FAMILY}" {box[0] if box else ""}>' + re.sub(r"\n\s*", "\n", body).strip()
    )


def _number_ids(svg: str, prefix: str) -> str:
    """Keep the ids that are referred to, renamed; matplotlib's own differ between versions."""
    used = dict.fromkeys(REFERENCE.findall(svg))
    new = {old: f"{prefix}-{number}" for number, old in enumerate(used, start=1)}
    svg = ID.sub(lambda m: f' id="{new[m[1]]}"' if m[1] in new else "", svg)
    return REFERENCE.sub(lambda m: m[0].removesuffix(m[1]) + new[m[1]], svg)


def _shorten(number: re.Match[str]) -> str:
    return f"{float(number[0]):.2f}".rstrip("0").rstrip(".")
