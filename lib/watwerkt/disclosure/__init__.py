"""The last step before a number leaves: protected frames and the policy.

Every door takes a pandas table of which each column is declared, and gives a ``Protected`` frame,
which tables, figures and ``record`` alone accept.
"""

from watwerkt.disclosure.counts import protect_counts
from watwerkt.disclosure.curves import protect_curve
from watwerkt.disclosure.declared import TOTAL
from watwerkt.disclosure.estimates import protect_aggregates, protect_estimates
from watwerkt.disclosure.gap import Gap
from watwerkt.disclosure.means import protect_means
from watwerkt.disclosure.policy import Policy, read_policy
from watwerkt.disclosure.protected import Protected, require_protected
from watwerkt.disclosure.shares import protect_distribution, protect_shares

__all__ = [
    "TOTAL",
    "Gap",
    "Policy",
    "Protected",
    "protect_aggregates",
    "protect_counts",
    "protect_curve",
    "protect_distribution",
    "protect_estimates",
    "protect_means",
    "protect_shares",
    "read_policy",
    "require_protected",
]
