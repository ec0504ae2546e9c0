"""What each question needs of the data, and when that is good enough: every rule once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from watwerkt.analysis.facts import Facts

Check = Callable[[Facts], bool]
YES, CAUTION, NO = "yes", "caution", "no"

FEW_EXITS = 100
MANY_UNEXPLAINED = 0.1  # of exits
MANY_LATE = 0.2  # of contacts
MANY_UNKNOWN = 0.1  # of contacts
MOSTLY = 0.9  # of person-months
USABLE = 0.5  # of person-months, contact history known
LONG_MONTHS, FOLLOW_UP_MONTHS = 36, 18  # for exits that are to be followed for a year


@dataclass(frozen=True, slots=True)
class Subject:
    """Something that a question needs.

    Attributes
    ----------
    table : the table that holds it.
    filled : what must hold a value, as in ``Facts.filled``; any one of those parted by ``|``.
    lacks : reason → when it cannot be used at all.
    doubts : reason → when it can be used with caution, the gravest first.
    """

    table: str
    filled: tuple[str, ...] = ()
    lacks: Mapping[str, Check] = field(default_factory=dict)
    doubts: Mapping[str, Check] = field(default_factory=dict)


SUBJECTS: Mapping[str, Subject] = {
    "benefits": Subject(
        "benefits",
        lacks={"no_exits": lambda f: not f.n_exits},
        doubts={
            "few_exits": lambda f: f.n_exits < FEW_EXITS,
            "vanished": lambda f: "B10-flag" in f.found,
            "lag_assumed": lambda f: not f.is_lag_estimated,
        },
    ),
    "exit_reasons": Subject(
        "benefits",
        ("benefits.exit_reason",),
        doubts={"unexplained": lambda f: f.share("unexplained") > MANY_UNEXPLAINED},
    ),
    "entry_reasons": Subject("benefits", ("benefits.entry_reason",)),
    "exemption": Subject("benefits", ("benefits.exemption|traits:exemption",)),
    "household": Subject("clients", ("clients.household_type|traits:household_type",)),
    "distance": Subject(
        "clients",
        ("clients.labour_market_distance|traits:labour_market_distance",),
        doubts={"undated": lambda f: "traits:labour_market_distance" not in f.filled},
    ),
    "groups": Subject(
        "clients",
        tuple(
            f"clients.{trait}|traits:{trait}"
            for trait in ("origin", "education", "health_limitation", "language_level")
        ),
        doubts={"undated": lambda f: "traits" not in f.filled},
    ),
    "caseload": Subject(
        "assignments",
        lacks={"no_caseload": lambda f: f.caseload_source == "none"},
        doubts={
            "caseload_from_contacts": lambda f: f.caseload_source == "contacts",
            "caseworker_unknown": lambda f: f.share("held") < MOSTLY,
        },
    ),
    "hours": Subject(
        "caseworkers",
        ("caseworkers.fte",),
        doubts={"hours_partly": lambda f: f.share("fte") < MOSTLY},
    ),
    "departures": Subject(
        "caseworkers",
        ("caseworkers.leave_reason", "caseworkers.team_id"),
        lacks={
            "no_history": lambda f: "A04-flag" in f.found,
            "no_departures": lambda f: not f.share("shock"),
        },
    ),
    "targets": Subject("policies", ("policies.target_caseload",)),
    "contacts": Subject(
        "contacts",
        lacks={"contact_unusable": lambda f: f.share("contact_known") < USABLE},
        doubts={
            "collapsed": lambda f: "C05-flag" in f.found,
            "reach_unknown": lambda f: "contacts.is_reach_assumed" in f.filled,
            "booked_late": lambda f: f.share("late") > MANY_LATE,
            "channel_unknown": lambda f: f.share("no_channel") > MANY_UNKNOWN,
        },
    ),
    "contact_caseworker": Subject(
        "contacts",
        ("contacts.caseworker_id",),
        doubts={"caseworker_unknown": lambda f: f.share("no_caseworker") > MANY_UNKNOWN},
    ),
    "errors": Subject("admin_errors"),
    "chain": Subject("chain_events"),
    "applications": Subject("applications"),
    "services": Subject("services", doubts={"srg_break": lambda f: "S02-flag" in f.found}),
    "service_costs": Subject("services", ("services.cost_eur",)),
    "trial": Subject("trials"),
    "trial_flow": Subject("trial_flow"),
    "jobs": Subject("jobs"),
    "follow_up": Subject(
        "benefits",
        lacks={"too_short": lambda f: f.n_months < FOLLOW_UP_MONTHS},
        doubts={"short": lambda f: f.n_months < LONG_MONTHS},
    ),
}

ESSENTIAL, HELPFUL = True, False
NEEDS: Mapping[str, Mapping[str, bool]] = {  # chapter → what it needs, what counts most first
    "02": {
        "benefits": ESSENTIAL,
        "household": HELPFUL,
        "entry_reasons": HELPFUL,
        "distance": HELPFUL,
        "contacts": HELPFUL,
        "exemption": HELPFUL,
    },
    "03": {
        "benefits": ESSENTIAL,
        "caseload": ESSENTIAL,
        "departures": HELPFUL,
        "exit_reasons": HELPFUL,
        "hours": HELPFUL,
        "targets": HELPFUL,
    },
    "04": {
        "benefits": ESSENTIAL,
        "contacts": ESSENTIAL,
        "exit_reasons": HELPFUL,
        "distance": HELPFUL,
        "contact_caseworker": HELPFUL,
        "errors": HELPFUL,
    },
    "05": {"chain": ESSENTIAL, "applications": HELPFUL},
    "06": {
        "benefits": ESSENTIAL,
        "services": ESSENTIAL,
        "exit_reasons": HELPFUL,
        "distance": HELPFUL,
        "service_costs": HELPFUL,
    },
    "07": {
        "trial": ESSENTIAL,
        "benefits": ESSENTIAL,
        "trial_flow": HELPFUL,
        "applications": HELPFUL,
    },
    "08": {
        "benefits": ESSENTIAL,
        "follow_up": ESSENTIAL,
        "exit_reasons": HELPFUL,
        "jobs": HELPFUL,
        "contacts": HELPFUL,
    },
    "09": {
        "benefits": ESSENTIAL,
        "groups": HELPFUL,
        "contacts": HELPFUL,
        "services": HELPFUL,
    },
    "10": {
        "benefits": ESSENTIAL,
        "caseload": ESSENTIAL,
        "hours": HELPFUL,
        "service_costs": HELPFUL,
        "jobs": HELPFUL,
    },
}


def judge(subject: str, facts: Facts) -> tuple[str, str]:
    """Verdict on a subject and its reason: not delivered, lacking, in doubt, a gap, or good."""
    wanted = SUBJECTS[subject]
    if wanted.table not in facts.filled and "no_caseload" not in wanted.lacks:
        return NO, "not_delivered"
    if not all(facts.filled & set(one.split("|")) for one in wanted.filled):
        return NO, "empty"
    for verdict, checks in ((NO, wanted.lacks), (CAUTION, wanted.doubts)):
        for reason, holds in checks.items():
            if holds(facts):
                return verdict, reason
    if wanted.table in facts.gaps:
        return CAUTION, "months_missing"
    return YES, "good"
