"""Exports of a GGM warehouse, from its published names (domain.md §1.4, §3.3)."""

import polars as pl

from layouts.services import MEANS_2019, TYPE_2019, held_by_srg

Tables = dict[str, pl.DataFrame]
SEX = {"male": "M", "female": "V"}
SCHEME = {"PW": "01", "IOAW": "02", "IOAZ": "03", "bijzonder": "11", "Bbz": "14"}
EXEMPTION = {
    "single_parent": "ouder met kind < 5",
    "permanent_incapacity": "sociaal-medisch permanent",
    "urgent_reasons": "sociaal-medisch tijdelijk",
}
KANAAL = {
    "in_person": "BALIE",
    "home_visit": "Fysiek gesprek",
    "phone": "TELEFONISCH",
    "video": "Telefonisch gesprek",
    "email": "Mail",
    "letter": "BRIEF",
    "portal": "INTERNET",
}
COARSE = {"home_visit": "in_person", "video": "phone"}  # channels that the model does not know
MISSED = pl.col("is_reached").is_not_null() & ~pl.col("is_reached")
STAYED_AWAY = MISSED & (pl.col("channel") == "in_person")
LAST_DAY = pl.col("end_date").dt.offset_by("-1d")


def held_by_ggm(tables: Tables) -> Tables:
    """What the model holds of each table."""
    contacts = tables["contacts"].filter(~MISSED | STAYED_AWAY)
    return {
        "clients": tables["clients"].select("person_id", "birth_year", "sex"),
        "benefits": _known_schemes(tables).with_columns(
            entry_reason=pl.when(pl.col("entry_reason") == "moved").then("entry_reason")
        ),
        "assignments": tables["assignments"].drop("reason"),
        "contacts": contacts.select(
            *("contact_id", "person_id", "caseworker_id", "contact_date"),
            pl.col("channel").replace(COARSE),
            *("duration_minutes",),
            is_reached=~STAYED_AWAY,
        ),
        "services": held_by_srg(tables["services"], TYPE_2019, MEANS_2019).drop("end_reason"),
        "traits": _exemptions(tables).drop("until"),
    }


def _known_schemes(tables: Tables) -> pl.DataFrame:
    return (
        tables["benefits"]
        .filter(pl.col("scheme").is_in([*SCHEME]))
        .drop("exemption", "end_registered_date", "part_time_income_eur_month")
    )


def _exemptions(tables: Tables) -> pl.DataFrame:
    """Exemptions, and their ends: not that there was none before the first."""
    rows = tables["traits"].filter(trait="exemption").sort("person_id", "valid_from")
    before = pl.col("value").shift(1).over("person_id").fill_null("none")
    changed = rows.filter(pl.col("value") != before)
    return changed.with_columns(until=pl.col("valid_from").shift(-1).over("person_id"))


def write_ggm(tables: Tables) -> Tables:
    """One export per canonical table; ``BALIEAFSPRAAK`` is that of the appointments."""
    contacts = tables["contacts"].with_row_index("n")
    return {
        "clients": tables["clients"].select(
            CLIENT_ID="person_id",
            GEBOORTEJAAR="birth_year",
            GESLACHTSAANDUIDING=pl.col("sex").replace_strict(SEX),
        ),
        "benefits": _income(_known_schemes(tables)),
        "assignments": tables["assignments"].select(
            CLIENT_ID="person_id",
            BEGELEIDERSCODE="caseworker_id",
            INGANGSDATUM="start_date",
            EINDDATUM=LAST_DAY,
        ),
        "contacts": _contacts(contacts.filter(~MISSED)),
        "BALIEAFSPRAAK": _appointments(contacts),
        "services": tables["services"].select(
            CLIENT_ID="person_id",
            Registratienummer="service_id",
            DatumStart="start_date",
            DatumVerwachtEinde=pl.col("start_date").dt.offset_by("6mo"),
            DatumEinde=LAST_DAY,
            CodeType=pl.col("type").replace_strict(TYPE_2019),
        ),
        "traits": _exemptions(tables)
        .filter(pl.col("value") != "none")
        .select(
            CLIENT_ID="person_id",
            INGANGSDATUM="valid_from",
            EINDDATUM=pl.col("until").dt.offset_by("-1d"),
            SOORTONTHEFFING=pl.col("value").replace_strict(EXEMPTION),
            ONTHEFFENVERPLICHTINGEN=pl.lit("a"),
        ),
    }


def _income(benefits: pl.DataFrame) -> pl.DataFrame:
    is_moved = pl.col("entry_reason") == "moved"
    return benefits.select(
        pl.col("benefit_id").alias("INKOMENSVOORZIENING_ID"),
        pl.col("person_id").alias("CLIENT_ID"),
        pl.col("scheme").replace_strict(SCHEME).alias("CODE"),
        pl.lit("levensonderhoud").alias("GROEP"),
        pl.col("start_date").alias("INGANGSDATUM"),
        LAST_DAY.alias("EINDDATUM"),
        pl.col("registered_date").alias("TOEKENNINGSDATUM"),
        pl.when(is_moved).then(pl.lit("41")).alias("REDENINSTROOM.REDENINSTROOMCODE"),
        pl.when(is_moved).then(pl.lit("39")).alias("REDENINSTROOM.CBS_CODE"),
        pl.col("exit_reason").alias("REDENUITSTROOM.CBS_CODE"),
    )


def _contacts(contacts: pl.DataFrame) -> pl.DataFrame:
    start = pl.col("contact_date").dt.combine(pl.time(9, 30))
    length = pl.duration(minutes="duration_minutes")
    return contacts.select(
        KLANTCONTACT_ID="contact_id",
        CLIENT_ID="person_id",
        IS_GEVOERD_DOOR_MEDEWERKER_ID="caseworker_id",
        KANAAL=pl.col("channel").replace_strict(KANAAL),
        STARTTIJD=start.dt.strftime("%d-%m-%Y %H:%M"),
        EINDTIJD=(start + length).dt.strftime("%d-%m-%Y %H:%M"),
        WACHTTIJDTOTAAL=pl.lit("1970-01-01 00:04:00"),
    )


def _appointments(contacts: pl.DataFrame) -> pl.DataFrame:
    """No-shows, every other talk that took place, and some that were cancelled."""
    is_attended = (pl.col("channel") == "in_person") & ~MISSED & (pl.col("n") % 2 == 0)
    is_cancelled = (pl.col("channel") == "phone") & (pl.col("n") % 50 == 0)
    rows = contacts.filter(STAYED_AWAY | is_attended | is_cancelled)
    start = pl.col("contact_date").dt.combine(pl.time(9, 30))
    clock = pl.format("1970-01-01 {}:00", _clock(pl.col("duration_minutes").cast(pl.Int64)))
    return rows.select(
        BALIEAFSPRAAK_ID=pl.col("contact_id") + "-afspraak",
        CLIENT_ID="person_id",
        IS_GEVOERD_DOOR_MEDEWERKER_ID="caseworker_id",
        STARTTIJDGEPLAND=start.dt.strftime("%Y-%m-%d %H:%M:%S"),
        TIJDSDUURGEPLAND=pl.lit("1970-01-01 01:00:00"),
        WERKELIJKETIJDSDUUR=clock,
        **{
            "AFSPRAAKSTATUS.STATUS": pl.when(STAYED_AWAY)
            .then(pl.lit("Niet verschenen"))
            .when(is_cancelled)
            .then(pl.lit("Geannuleerd"))
            .otherwise(pl.lit("Verschenen"))
        },
    )


def _clock(minutes: pl.Expr) -> pl.Expr:
    return pl.format(
        "{}:{}",
        (minutes // 60).cast(pl.String).str.zfill(2),
        (minutes % 60).cast(pl.String).str.zfill(2),
    )
