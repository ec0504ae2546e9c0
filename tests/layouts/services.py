"""SRG as municipalities report it each month, by the regulation's field names (domain.md §1.3)."""

from datetime import date

import polars as pl

TYPE_2015 = {
    "trial_placement": "99",
    "job_coach": "06",
    "training": "99",
    "work_experience": "99",
}
MEANS_2015 = {"06": "job_coach", "99": "other"}
TYPE_2019 = {
    "trial_placement": "23",
    "job_coach": "30",
    "training": "59",
    "work_experience": "29",
}
MEANS_2019 = {
    "23": "trial_placement",
    "29": "other_workplace",
    "30": "job_coach",
    "59": "facilitating_other",
}
REASON = {"completed": "1", "stopped": "2", "outside_reason": "3"}
LADDER, LADDER_START = (
    "Positie op de participatieladder",
    "Begindatum positie op de participatieladder",
)


def held_by_srg(services: pl.DataFrame, codes: dict, means: dict) -> pl.DataFrame:
    """What the layout holds: no costs, and the types of its own list."""
    coded = pl.col("type").replace_strict(codes).replace_strict(means)
    return services.drop("cost_eur").with_columns(type=coded)


def positions_held(export: pl.DataFrame) -> pl.DataFrame:
    """The positions that any monthly row tells, as canonical traits."""
    return (
        export.select(
            person_id="Burgerservicenummer",
            trait=pl.lit("labour_market_distance"),
            value=LADDER,
            valid_from=pl.col(LADDER_START).str.to_date("%Y%m%d"),
        )
        .unique()
        .sort("person_id", "valid_from")
    )


def write_srg(
    tables: dict[str, pl.DataFrame], codes: dict[str, str], first: date, last: date
) -> pl.DataFrame:
    """A row for each provision and each month from ``first`` to ``last`` in which it ran.

    Of every seventh, the first report but one had another type, and began three days sooner.
    """
    rows = _monthly(tables["services"], first, last)
    placed = (
        rows.with_columns(day=pl.col("month").dt.month_end())
        .sort("day")
        .join_asof(
            tables["traits"].filter(trait="labour_market_distance").sort("valid_from"),
            left_on="day",
            right_on="valid_from",
            by="person_id",
            check_sortedness=False,
        )
    )
    people = tables["clients"].select("person_id", "birth_year", "sex")
    named = placed.join(people, on="person_id", how="left").sort("month", "service_id")
    return _named(named, codes)


def _monthly(services: pl.DataFrame, first: date, last: date) -> pl.DataFrame:
    """One row per provision × month, with what was known in that month."""
    last_day = pl.col("end_date").dt.offset_by("-1d")
    until = pl.min_horizontal(last_day.fill_null(last), pl.lit(last)).dt.month_start()
    since = pl.max_horizontal("start_date", pl.lit(first)).dt.month_start()
    rows = (
        services.with_row_index("number")
        .filter(since <= until)
        .with_columns(month=pl.date_ranges(since, until, "1mo"), last_day=last_day)
        .explode("month")
    )
    order = pl.col("month").rank("ordinal").over("service_id")
    is_ended = pl.col("last_day") <= pl.col("month").dt.month_end()
    return rows.with_columns(
        is_ended=is_ended.fill_null(False),
        is_corrected_later=(pl.col("number") % 7 == 0) & (order < pl.len().over("service_id")),
    )


def _named(rows: pl.DataFrame, codes: dict[str, str]) -> pl.DataFrame:
    """The regulation's fields, in its order."""
    wrong, ended, day = pl.col("is_corrected_later"), pl.col("is_ended"), "%Y%m%d"
    start = pl.when(wrong).then(pl.col("start_date").dt.offset_by("-3d")).otherwise("start_date")
    right_type = pl.col("type").replace_strict(codes)
    return rows.select(
        pl.col("month").dt.strftime("%Y").alias("Statistiekjaar"),
        pl.col("month").dt.strftime("%m").alias("Statistiekmaand"),
        pl.lit("10").alias("Statistiekcode"),
        pl.lit("gws").alias("Naam softwarepakket"),
        pl.lit("12.1").alias("Versie softwarepakket"),
        pl.lit("9904").alias("CBS-Gemeentecode"),
        pl.lit("9904").alias("Berichtgevercode"),
        pl.col("person_id").alias("Burgerservicenummer"),
        pl.col("birth_year").alias("Geboortejaar"),
        pl.col("sex").replace_strict({"male": "1", "female": "2"}).alias("Geslacht"),
        pl.col("value").alias(LADDER),
        pl.col("valid_from").dt.strftime(day).alias(LADDER_START),
        pl.lit(None, pl.String).alias("Arbeidsvermogen"),
        pl.col("service_id").alias("Registratienummer voorziening"),
        pl.when(wrong).then(pl.lit("30")).otherwise(right_type).alias("Type voorziening"),
        start.dt.strftime(day).alias("Begindatum voorziening"),
        pl.when(ended)
        .then(pl.col("last_day").dt.strftime(day))
        .otherwise(pl.lit("00000000"))
        .alias("Einddatum voorziening"),
        pl.when(ended)
        .then(pl.col("end_reason").replace_strict(REASON, default=None))
        .otherwise(pl.lit("9"))
        .alias("Reden einde voorziening"),
        pl.lit(None, pl.String).alias("Loonwaarde"),
    )
