"""The parts of a page about a planned trial, as one section of a report."""

from IPython.display import HTML

from watwerkt.publish.chapter_html import Section
from watwerkt.publish.page import Page

TRIAL_LABEL = "The trial"
PART_LABELS = {
    "question": "What do we want to know?",
    "people": "Who takes part?",
    "power": "What can the trial find?",
    "cost": "What does it cost?",
    "draw": "How are lots drawn, and what will be reckoned?",
    "limits": "Is it fair, and what does it not answer?",
}


def one_section(page: Page, parts: dict[str, list[HTML]]) -> Section:
    """The parts under each other, each with its heading of ``PART_LABELS``."""
    text = page.translator.text
    body = [
        f'<h3 id="{name}">{text(PART_LABELS[name])}</h3>\n' + "\n".join(p.data for p in part)
        for name, part in parts.items()
    ]
    return Section("00_design", text(TRIAL_LABEL), "\n".join(body))
