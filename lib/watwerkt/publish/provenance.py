"""Where figures come from: the facts that a page states of itself, and what they are called."""

import html
from collections.abc import Mapping

from watwerkt.publish.language import Translator

PROVENANCE_LABELS = {
    "municipality_id": "Municipality code",
    "library_version": "Version of watwerkt",
    "policy_version": "Version of the disclosure policy",
    "delivery_sha256": "Fingerprint of the delivery (SHA-256)",
    "released_sha256": "Fingerprint of the released files (SHA-256)",
    "params_sha256": "Fingerprint of the parameters (SHA-256)",
    "plan_sha256": "Fingerprint of the analysis plan (SHA-256)",
    "design_sha256": "Fingerprint of the plan of the trial (SHA-256)",
    "lock_sha256": "Fingerprint of the lock file (SHA-256)",
}


def provenance_html(facts: Mapping[str, str], translator: Translator) -> str:
    """A list of ``facts``, by the keys of ``PROVENANCE_LABELS``."""
    rows = [
        f"<div><dt>{html.escape(translator.text(PROVENANCE_LABELS[key]))}</dt>"
        f"<dd>{html.escape(value)}</dd></div>"
        for key, value in facts.items()
    ]
    return f"<dl>{''.join(rows)}</dl>"
