"""Tables ``jobs`` and ``services``."""

import numpy as np
import polars as pl

from watwerkt.synthetic.clock import Flags
from watwerkt.synthetic.population import labelled
from watwerkt.synthetic.register import Register, canonical
from watwerkt.synthetic.state import KIND

FOLLOW_UP_MONTHS = 24  # jobs after exit are known for two years
CONTRACTS = ["temporary", "permanent", "agency", "on_call"]
CONTRACT_SHARES = [0.52, 0.2, 0.2, 0.08]


def jobs_table(register: Register) -> pl.DataFrame:
    """Part-time work on benefit, and the months after an exit to work; one row per month."""
    rng = register.rng(30)
    months = pl.concat([_part_time(register, rng), _after_exit(register, rng)])
    months = months.unique(["person", "t"], keep="first", maintain_order=True)
    person, t = months["person"].to_numpy(), months["t"].to_numpy()
    dates = register.world.clock.date(t)
    frame = months.with_columns(
        person_id=register.persons(person),
        month=pl.Series(dates),
        wage_eur_month=(pl.col("hours_month") * pl.col("rate")).round(0),
        contract=labelled(CONTRACTS, months["contract"].to_numpy()),
    )
    return canonical("jobs", frame.filter(pl.Series(register.is_known(person, dates))))


def _part_time(register: Register, rng: np.random.Generator) -> pl.DataFrame:
    """Months of part-time work; hours, pay and contract stay the same within a spell."""
    log = register.history.log["part_time"]
    n = len(register.world.people)
    hours, rate = rng.choice([20.0, 32.0, 43.0, 52.0, 65.0], n), 14 + 3 * rng.random(n)
    contract = rng.choice(len(CONTRACTS), n, p=CONTRACT_SHARES)
    person = log["person"]
    return pl.DataFrame(
        {
            "person": person,
            "t": log["month"],
            "hours_month": hours[person],
            "rate": rate[person],
            "contract": contract[person],
        }
    )


def _after_exit(register: Register, rng: np.random.Generator) -> pl.DataFrame:
    """Months in a job from the exit on, with gaps, until the person returns or the view ends."""
    exits = _exits_to_work(register, rng)
    n = len(exits)
    row, offset = np.nonzero(_is_employed(exits, register, rng))
    hours = rng.choice([87.0, 104.0, 130.0, 156.0], n, p=[0.15, 0.2, 0.3, 0.35])
    rate, contract = 13.5 + 6 * rng.random(n), rng.choice(len(CONTRACTS), n, p=CONTRACT_SHARES)
    return pl.DataFrame(
        {
            "person": exits["person"].to_numpy()[row],
            "t": exits["exit_month"].to_numpy()[row] + 1 + offset,
            "hours_month": hours[row],
            "rate": rate[row],
            "contract": contract[row],
        }
    )


def _exits_to_work(register: Register, rng: np.random.Generator) -> pl.DataFrame:
    """Exits to a job (not to sickness benefit), with the month of return where there is one."""
    spells = register.spells.with_columns(back=pl.col("start_month").shift(-1).over("person"))
    exits = spells.filter(pl.col("kind") == KIND["work"])
    has_job = rng.random(len(exits)) >= register.world.scenario.booking.sickness_share
    return exits.filter(pl.Series(has_job))


def _is_employed(exits: pl.DataFrame, register: Register, rng: np.random.Generator) -> Flags:
    """In a job 1, 2, … months after each exit, as far as it is known; shape (n, months).

    Who loses the job finds another or returns to benefit, which ends the view the month before.
    """
    work = register.world.scenario.work
    draws = rng.random((len(exits), FOLLOW_UP_MONTHS))
    employed = np.ones(draws.shape, bool)
    for month in range(1, FOLLOW_UP_MONTHS):
        before = employed[:, month - 1]
        keeps, finds = draws[:, month] >= work.job_loss_rate, draws[:, month] < work.job_found_rate
        employed[:, month] = np.where(before, keeps, finds)
    until_return = (exits["back"] - exits["exit_month"] - 1).fill_null(FOLLOW_UP_MONTHS).to_numpy()
    left = register.world.clock.n_months - 1 - exits["exit_month"].to_numpy()
    known = np.minimum(until_return, left)
    return employed & (np.arange(FOLLOW_UP_MONTHS) < known[:, None])


def services_table(register: Register) -> pl.DataFrame:
    """Provisions that started in the window; the end is known once it has come."""
    log, clock = register.history.log["services"], register.world.clock
    names = list(register.world.scenario.services)
    cost = np.array([s.cost_eur for s in register.world.scenario.services.values()])
    rng, n = register.rng(31), len(log["person"])
    frame = pl.DataFrame(
        {
            "person": log["person"],
            "spell": log["spell"],
            "person_id": register.persons(log["person"]),
            "service_id": [f"v{i + 1:06d}" for i in range(n)],
            "type": labelled(names, log["type"]),
            "start_date": clock.date(log["month"], log["day"]),
            "planned": clock.date(log["until"]),
            "is_completed": log["is_completed"],
            "cost_eur": np.rint(cost[log["type"]] * rng.uniform(0.8, 1.2, n)),
        }
    )
    known = register.is_known(log["person"], frame["start_date"].to_numpy())
    return canonical("services", _ended(register, frame.filter(pl.Series(known))))


def _ended(register: Register, services: pl.DataFrame) -> pl.DataFrame:
    """Add end and reason: the plan's, or the exit where that comes first."""
    spells = register.spells.select("person", "spell", "end")
    joined = services.join(spells, on=["person", "spell"], how="left", maintain_order="left")
    is_cut = (pl.col("end") < pl.col("planned")).fill_null(False)
    end = pl.when(is_cut).then("end").otherwise("planned")
    ended = end <= pl.lit(register.extract_date.item())
    reason = (
        pl.when(pl.col("is_completed") & ~is_cut)
        .then(pl.lit("completed"))
        .otherwise(pl.lit("stopped"))
    )
    return joined.with_columns(
        end_date=pl.when(ended).then(end), end_reason=pl.when(ended).then(reason)
    )
