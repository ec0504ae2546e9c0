"""Who leaves in a month, why and on which day; who comes back."""

from dataclasses import replace

import numpy as np

from watwerkt.synthetic.clock import NEVER, Flags, Floats, Ints, day_between
from watwerkt.synthetic.hazards import at_risk, choose_cause, exit_odds
from watwerkt.synthetic.state import EXIT_KINDS, GONE_FOR_GOOD, KIND, Rows, State
from watwerkt.synthetic.world import NATURAL, Regime, World, with_partner_on

OTHER_KINDS = ["other_income", "education", "household", "ineligible", "administrative", "other"]
OTHER_SHARES = np.array(
    [
        [0.14, 0.22, 0.24, 0.08, 0.24, 0.08],  # under 28
        [0.25, 0.01, 0.26, 0.08, 0.29, 0.11],  # older
    ]
)
OTHER_CAUSE = 1  # position among the odds of ``exit_odds``
ENDS_FOR_BOTH = np.array(
    [kind not in ("death", "pension", "partner", "household") for kind in EXIT_KINDS]
)
ENFORCEMENT = [KIND["ineligible"], KIND["administrative"]]
FEWEST_MONTHS_OUT = 2


def draw_exits(
    world: World, state: State, t: int, load: Floats, regime: Regime
) -> tuple[State, Rows]:
    """Draw the exits of month ``t``: a log of person, kind, month and first day off benefit."""
    kind = _own_kind(world, state, t, load, regime)
    kind = _with_partner(world, state, kind)
    rows = np.flatnonzero(kind >= 0)
    log = {
        "person": rows,
        "spell": state.n_spells[rows],
        "kind": kind[rows],
        "month": np.full(len(rows), t),
        "day": _exit_days(world, t, kind)[rows],
    }
    return _after_exits(state, kind, t), log


def _own_kind(world: World, state: State, t: int, load: Floats, regime: Regime) -> Ints:
    """The kind of each person's own exit, before looking at the partner; -1 stays."""
    cause = choose_cause(exit_odds(world, state, t, load, regime), world.draws.uniform("exit", t))
    cause = np.where(at_risk(state, t), cause, -1)
    kind = np.array([KIND["work"], KIND["other"], KIND["moved"], KIND["death"], -1])[cause]
    rows = np.flatnonzero(cause == OTHER_CAUSE)
    is_young = (t - world.people.birth_month[rows]) / 12 < 28
    edges = np.cumsum(OTHER_SHARES, axis=1)[np.where(is_young, 0, 1)]
    draw = world.draws.uniform("cause", t)[rows, None]
    kind[rows] = np.array([KIND[k] for k in OTHER_KINDS])[(draw >= edges[:, :-1]).sum(axis=1)]
    return np.where(state.is_on & (world.aow_month <= t + 1), KIND["pension"], kind)


def _with_partner(world: World, state: State, kind: Ints) -> Ints:
    """A couple's benefit ends for both, unless one dies or reaches pension age."""
    together = with_partner_on(state.is_on, state.is_sharing, world.partner)
    kind = np.where(together & (kind == KIND["household"]), KIND["other"], kind)
    ends = together & (kind >= 0) & ENDS_FOR_BOTH[kind]
    is_first = np.arange(len(kind)) == world.lead
    decides = ends & (is_first | ~ends[world.partner])
    follows = together & ends[world.partner] & ~decides
    moved = kind[world.partner] == KIND["moved"]
    return np.where(follows, np.where(moved, KIND["moved"], KIND["partner"]), kind)


def _exit_days(world: World, t: int, kind: Ints) -> Ints:
    """First day off benefit: often the first of the next month, and always so for a pension."""
    next_month = 1 + int((world.clock.date(t + 1) - world.clock.date(t)).astype(int))
    day = day_between(world.shared_uniform("exit day", t), 2, 28)
    at_end = world.shared_uniform("exit at month end", t) < 0.45
    return np.where(at_end | (kind == KIND["pension"]), next_month, day)


def exit_chances(
    world: World,
    state: State,
    t: int,
    load: Floats,
    regime: Regime = NATURAL,
    partner_state: State | None = None,
) -> dict[str, Floats]:
    """Probability of leaving in month ``t``: to ``work``, and ``all`` that policy may touch.

    Moves, pensions and deaths are no policy. ``partner_state`` is the state in which each person's
    partner is looked at; the same one where it is not given.
    """
    own = _cause_chances(world, state, t, load, regime)
    theirs = own if partner_state is None else _cause_chances(world, partner_state, t, load, regime)
    together = with_partner_on(state.is_on, state.is_sharing, world.partner)
    partner_policy = np.where(together, (theirs[0] + theirs[1])[world.partner], 0.0)
    partner_ends = np.where(together, theirs[:3].sum(axis=0)[world.partner], 0.0)
    is_first = np.arange(len(together)) == world.lead
    yields = np.where(is_first, 0.0, partner_ends)
    policy = own[0] + own[1]
    ends = policy + own[2]
    follows = np.where(is_first, (1 - ends) * partner_policy, partner_policy)
    return {
        "work": own[0] * (1 - yields),
        "other": own[1] * (1 - yields),
        "all": policy * (1 - yields) + follows,
    }


def _cause_chances(world: World, state: State, t: int, load: Floats, regime: Regime) -> Floats:
    """Probability of each cause of ``exit_odds``; none for who is not at risk or has a pension."""
    odds = exit_odds(world, state, t, load, regime)
    may = at_risk(state, t) & (world.aow_month > t + 1)
    return odds / (1 + odds.sum(axis=0)) * may


def _after_exits(state: State, kind: Ints, t: int) -> State:
    """Take the leavers off; who stays behind goes on alone."""
    leaves = kind >= 0
    return replace(
        state,
        is_on=state.is_on & ~leaves,
        exit_month=np.where(leaves, t, state.exit_month),
        exit_kind=np.where(leaves, kind, state.exit_kind),
        seat=np.where(leaves, -1, state.seat),
        income_seat=np.where(leaves, -1, state.income_seat),
        is_part_time=state.is_part_time & ~leaves,
        service_until=np.where(leaves, np.minimum(state.service_until, t), state.service_until),
    )


def separate_survivors(world: World, state: State) -> State:
    """Whose partner died or reached pension age no longer shares a benefit."""
    gone = ~state.is_on & np.isin(state.exit_kind, [KIND["death"], KIND["pension"]])
    alone = (world.partner >= 0) & (gone | gone[world.partner])
    return replace(state, is_sharing=state.is_sharing & ~alone)


def draw_arrivals(world: World, state: State, t: int, entry_month: Ints) -> tuple[State, Rows]:
    """First entries in month ``t`` and returns: a log of person, spell, month and day."""
    first = (entry_month == t) & (state.n_spells == 0)
    back = _returns(world, state, t)
    arrived = first | back
    day = np.where(
        first, world.people.entry_day, day_between(world.shared_uniform("return day", t), 7, 28)
    )
    state = replace(
        state,
        is_on=state.is_on | arrived,
        start_month=np.where(arrived, t, state.start_month),
        start_day=np.where(arrived, day, state.start_day),
        n_spells=state.n_spells + arrived,
    )
    rows = np.flatnonzero(arrived)
    log = {
        "person": rows,
        "spell": state.n_spells[rows],
        "month": np.full(len(rows), t),
        "day": day[rows],
        "is_return": back[rows],
        "is_sharing": state.is_sharing[rows],
    }
    return state, log


def _returns(world: World, state: State, t: int) -> Flags:
    """Returns to benefit, two months after the exit at the earliest; couples return together."""
    work = world.scenario.work
    kind = np.where(
        state.exit_kind == KIND["partner"], state.exit_kind[world.lead], state.exit_kind
    )
    rate = np.select(
        [kind == KIND["work"], np.isin(kind, ENFORCEMENT)],
        [work.reentry_rate_work, work.reentry_rate_enforcement],
        work.reentry_rate_other,
    )
    out_months = t - state.exit_month
    fading = np.exp(-np.maximum(out_months - FEWEST_MONTHS_OUT, 0) / work.reentry_fade_months)
    may = ~state.is_on & (out_months >= FEWEST_MONTHS_OUT) & (state.exit_month < NEVER)
    may &= ~np.isin(kind, GONE_FOR_GOOD) & (world.aow_month > t + 3)
    alone = ~state.is_sharing
    lead_rate = np.where(alone, rate * fading, (rate * fading)[world.lead])
    draw = np.where(alone, world.draws.uniform("return", t), world.shared_uniform("return", t))
    returns = may & (draw < lead_rate)
    return returns & (alone | returns[np.maximum(world.partner, 0)])
