"""What a synthetic municipality is like, and which effects are planted in it.

Every number is a parameter of the data-generating process stated in ``simulate.py``. A log odds
ratio or elasticity of 0 plants nothing. Months count from the first month of the window.
"""

import json
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from watwerkt.errors import ParameterError

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Month = Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]


class Part(BaseModel):
    """A part of a scenario: strict, frozen, no unknown name."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Baseline(Part):
    """Monthly odds of leaving for a single person of 40 on step 3, a year on benefit."""

    work_odds: Positive = 0.0137
    other_odds: Positive = 0.0053
    moved_odds: Positive = 0.0017
    death_odds_at_40: Positive = 0.00008
    log_odds_per_step: float = 0.62  # of the participatieladder, to work
    log_odds_per_step_other: float = 0.08
    log_odds_per_log_year: float = -0.30  # duration dependence
    frailty_sd: Annotated[float, Field(ge=0)] = 0.3  # unobserved, to work
    corona_log_odds: float = -0.30  # 2020-04 to 2020-06, of every exit to work and other exit
    third_quarter_log_odds: float = 0.19
    trend_log_odds_year: float = 0.0
    entry_corona_factor: Positive = 1.3  # inflow of 2020-03 to 2020-12


class Caseload(Part):
    """Elasticity of the odds of leaving to clients per FTE; staff and how clients reach them."""

    elasticity_work: float = -0.15
    elasticity_other: float = -0.08
    target_work: Positive = 85.0
    target_participation: Positive = 160.0
    target_income: Positive = 260.0
    team_size: Annotated[int, Field(ge=3, le=30)] = 7
    sorting: Annotated[float, Field(ge=0)] = 0.8  # portfolios: near clients to some, far to others
    departure_rate: Share = 0.013  # per caseworker and month
    leave_rate: Share = 0.004
    rotation_rate: Share = 0.003
    refill_months: tuple[int, int] = (2, 6)


class ContactWindow(Part):
    """What a reached personal contact in month t-last … t-first does to the odds in month t."""

    first_lag: Annotated[int, Field(ge=1, le=12)]
    last_lag: Annotated[int, Field(ge=1, le=12)]
    log_or_work: float = 0.0
    log_or_other: float = 0.0


class Contact(Part):
    """How often people are spoken to, who, what it does, and how it is booked."""

    rate: Positive = 0.13  # reached personal contacts per client-month, a year on benefit
    effects: tuple[ContactWindow, ...] = (
        ContactWindow(first_lag=2, last_lag=4, log_or_work=0.18, log_or_other=0.05),
    )
    selection: Literal["none", "near", "far"] = "near"
    selection_per_step: Annotated[float, Field(ge=0)] = 0.25
    caseload_elasticity: float = -0.3  # of the contact rate
    style_sd: Annotated[float, Field(ge=0)] = 0.25  # between caseworkers, log contact rate
    unreached_share: Share = 0.15
    impersonal_rate: Annotated[float, Field(ge=0)] = 0.10  # letters, e-mails and portal messages
    exit_talk_share: Share = 0.6  # of exits to work
    exit_talk_early_share: Share = 0.3  # of exit talks, held in the month before
    aftercare_rate: Share = 0.08  # per month, in the six months after an exit to work
    late_booking_share: Share = 0.02  # booked more than 90 days later
    log_error_rate_ratio: float = -0.2  # administrative errors, a contact 2-4 months ago


class Booking(Part):
    """When starts and ends reach the register, and what is known of them."""

    end_lag_median_days: Positive = 35.0
    end_lag_log_sd: Positive = 0.75
    end_lag_log_trend_year: float = 0.0  # of the median, over the window
    start_lag_days: tuple[int, int] = (14, 70)  # from the start of a benefit to its booking
    unknown_exit_reason_share: Share = 0.24
    sickness_share: Share = 0.06  # of exits with code 11, without a job
    interruption_rate: Share = 0.0015  # per month: stopped, and resumed as if nothing had been
    interruption_days: tuple[int, int] = (5, 18)
    interruption_work_share: Share = 0.0  # booked as an exit to work, the others as administrative


class Outside(Part):
    """People and periods in the same file that the evaluation is not about, per client in stock."""

    tozo_share: Annotated[float, Field(ge=0)] = 0.03  # self-employed, known for Tozo only
    tozo_before_share: Share = 0.0  # of who first enters in Tozo's months, straight from Tozo


class Work(Part):
    """Part-time work on benefit, jobs after exit, re-entry."""

    part_time_share: Share = 0.08
    part_time_stop_rate: Share = 0.09
    part_time_log_or_work: float = 0.5
    reentry_rate_work: Share = 0.0245  # in the first month it can happen; fades with time
    reentry_rate_enforcement: Share = 0.08  # after ineligible and administrative
    reentry_rate_other: Share = 0.05
    reentry_fade_months: Positive = 15.0
    job_loss_rate: Share = 0.025  # per month, of jobs after an exit
    job_found_rate: Share = 0.15  # per month, of who lost that job and did not return


class Service(Part):
    """One kind of provision: how many get it, how long, and what it does while and after."""

    start_rate: Share  # per month, of people on steps 2-5 without a provision
    months: Annotated[int, Field(ge=1, le=36)]
    log_or_during: float = 0.0  # lock-in when negative
    log_or_after: float = 0.0  # in the twelve months after
    cost_eur: Annotated[float, Field(ge=0)]


def _services() -> dict[str, Service]:
    return {
        "training": Service(
            start_rate=0.006, months=6, log_or_during=-0.35, log_or_after=0.2, cost_eur=2800.0
        ),
        "work_experience": Service(
            start_rate=0.004, months=4, log_or_during=-0.2, log_or_after=0.3, cost_eur=1900.0
        ),
        "job_coach": Service(
            start_rate=0.003, months=9, log_or_during=0.1, log_or_after=0.0, cost_eur=3600.0
        ),
        "trial_placement": Service(
            start_rate=0.002, months=2, log_or_during=0.6, log_or_after=0.2, cost_eur=700.0
        ),
    }


class Trial(Part):
    """A lottery over people on benefit: intensive guidance against guidance as usual."""

    month: Annotated[int, Field(ge=0)] = 24
    months: Annotated[int, Field(ge=1)] = 16
    invited_share: Share = 0.35
    consent_share: Share = 0.55
    probability: Share = 0.5
    no_show_share: Share = 0.2
    crossover_share: Share = 0.08
    log_or_work: float = 0.35  # of those who take it up
    log_or_other: float = 0.10
    contact_factor: Positive = 2.0
    withdrawal_rate: Share = 0.006


class Prevention(Part):
    """A lottery over applications: a search period first, against intake as usual."""

    first_month: Annotated[int, Field(ge=0)] = 36
    last_month: Annotated[int, Field(ge=0)] = 47
    probability: Share = 0.5
    deterred_share: Share = 0.10  # of those who would have entered
    later_share: Share = 0.5  # of the deterred, who enter within half a year after all


class Policy(Part):
    """A lower target caseload, team after team, by hiring: staggered over half the teams."""

    first_month: Annotated[int, Field(ge=0)] = 30
    months_between: Annotated[int, Field(ge=0)] = 6
    target_factor: Positive = 0.8
    team_share: Share = 0.34


class Scenario(Part):
    """One data-generating process."""

    first_month: Month = "2019-01"
    inflow_of_balance: Positive = 0.84  # of the inflow at which the stock would stay as it is
    monthly_inflow_growth: float = -0.002
    couple_share: Share = 0.12  # of arriving benefits
    applications_refused: Share = 0.28  # of all applications: rejected or withdrawn
    error_rate: Share = 0.012
    assignment_history: bool = True  # False: only the current caseworker is known
    baseline: Baseline = Baseline()
    caseload: Caseload = Caseload()
    contact: Contact = Contact()
    booking: Booking = Booking()
    outside: Outside = Outside()
    work: Work = Work()
    services: dict[str, Service] = Field(default_factory=_services)
    trial: Trial | None = Trial()
    prevention: Prevention | None = Prevention()
    policy: Policy | None = Policy()


def read_scenario(path: Path) -> Scenario:
    """Read a scenario from YAML; what it does not name keeps its default.

    Raises
    ------
    ParameterError
        The file is not YAML, or a name or value in it is not allowed.
    """
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        raise ParameterError(f"{path.name} is not a readable YAML file") from None
    try:
        return Scenario.model_validate_json(json.dumps(values, default=str))
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, e['loc'])) or 'scenario'}: {e['msg']}" for e in error.errors()
        )
        raise ParameterError(f"{path.name}: {problems}") from None
