"""Contacts as registers of klantcontacten export them, written from the published field names.

Open Klant 0.9 (Klantinteracties), VNG CRUD 0.0.3 and Contactmomenten API v1: domain.md §3.1-3.2.
"""

from uuid import UUID

import numpy as np
import polars as pl

from intake_deliveries import bsns

KANAAL = {
    "in_person": "balie",
    "home_visit": "Huisbezoek",
    "phone": "telefoon",
    "video": "beeldbellen",
    "email": "e-mail",
    "letter": "brief",
    "portal": "webformulier",
}
AUTOMATIC = pl.col("channel").is_in(["email", "portal"]) & (pl.col("contact_date").dt.day() < 9)
OFTEN_SPOKEN = pl.int_range(pl.len()) % 10 == 3  # of these a second row says who else spoke


def held_by_open_klant(contacts: pl.DataFrame) -> pl.DataFrame:
    """What the layout holds: no registration, length nor purpose; automatic actors are nobody."""
    worker = pl.when(~AUTOMATIC).then("caseworker_id")
    held = contacts.select(
        *("contact_id", "person_id", "contact_date", "channel", "initiative", "is_reached"),
        caseworker_id=worker,
    )
    return held.sort("contact_id")


def held_by_contactmomenten(contacts: pl.DataFrame) -> pl.DataFrame:
    """Only the day of registration, and no word on whether the client was reached."""
    return contacts.select(
        *("contact_id", "person_id", "caseworker_id", "channel", "initiative"),
        contact_date="registered_date",
    ).sort("contact_id")


def write_open_klant(contacts: pl.DataFrame) -> pl.DataFrame:
    """One row per betrokkene: every client, now and then a representative, companies, nobody."""
    rows = contacts.sort("contact_id").with_columns(
        uuid=pl.Series([str(UUID(int=(i << 96) + 7919 * i)) for i in range(len(contacts))]),
        moment=_moments(contacts.sort("contact_id")["contact_date"]),
    )
    klant = rows.select(
        "uuid",
        pl.format("https://openklant.gemeente.nl/api/v1/klantcontacten/{}", "uuid").alias("url"),
        pl.int_range(pl.len()).cast(pl.String).str.zfill(10).alias("nummer"),
        pl.col("channel").replace_strict(KANAAL).alias("kanaal"),
        pl.lit("nld").alias("taal"),
        pl.lit("true").alias("vertrouwelijk"),
        pl.col("is_reached").cast(pl.String).alias("indicatieContactGelukt"),
        pl.col("moment").alias("plaatsgevondenOp"),
        pl.lit("klant").alias("rol"),
        (pl.col("initiative") == "client").cast(pl.String).alias("initiator"),
        pl.lit("bsn").alias("partijIdentificator.codeSoortObjectId"),
        pl.col("person_id").alias("partijIdentificator.objectId"),
        pl.when(AUTOMATIC)
        .then(pl.lit("geautomatiseerde_actor"))
        .otherwise(pl.lit("medewerker"))
        .alias("soortActor"),
        pl.when(AUTOMATIC)
        .then(pl.lit("mailrobot"))
        .otherwise("caseworker_id")
        .alias("actoridentificator.objectId"),
    )
    return pl.concat([klant, *_others(klant)])


def _others(klant: pl.DataFrame) -> list[pl.DataFrame]:
    """Rows beside the clients' own: the client as representative, a stranger, a company, nobody."""
    code, number = "partijIdentificator.codeSoortObjectId", "partijIdentificator.objectId"
    also = klant.filter(OFTEN_SPOKEN).with_columns(rol=pl.lit("vertegenwoordiger"))
    stranger = also.head(20).with_columns(pl.lit("f0f0f0f0f0f0f0f0f0f0f0f0").alias(number))
    company = also.tail(15).with_columns(
        pl.lit("kvk_nummer").alias(code), pl.lit("90001354").alias(number)
    )
    nobody = klant.head(12).with_columns(pl.lit(None, pl.String).alias(c) for c in (code, number))
    return [also, stranger, company, nobody]


def write_crud(contacts: pl.DataFrame) -> pl.DataFrame:
    """The same under the names of VNG's own draft, with its three words for success."""
    words = {"true": "ja", "false": "nee"}
    export = write_open_klant(contacts)
    success = pl.col("indicatieContactGelukt").replace_strict(words, default="onbekend")
    return export.drop("uuid", "url").with_columns(success).rename({"kanaal": "codeKanaal"})


def write_contactmomenten(contacts: pl.DataFrame) -> pl.DataFrame:
    """One row per klantcontactmoment; some clients are belanghebbende and gesprekspartner."""
    rows = contacts.sort("contact_id")
    own = rows.select(
        pl.Series("uuid", [str(UUID(int=(i << 96) + 31 * i)) for i in range(len(rows))]),
        pl.lit(bsns(1)[0]).alias("bronorganisatie"),
        _moments(rows["registered_date"]).alias("registratiedatum"),
        pl.col("channel").replace_strict(KANAAL).alias("kanaal"),
        pl.col("initiative")
        .replace_strict({"client": "klant", "municipality": "gemeente"})
        .alias("initiatiefnemer"),
        pl.col("caseworker_id").alias("medewerkerIdentificatie.identificatie"),
        pl.lit("belanghebbende").alias("rol"),
        pl.col("person_id").alias("bsn"),
    )
    both = own.filter(OFTEN_SPOKEN).with_columns(rol=pl.lit("gesprekspartner"))
    return pl.concat([own, both])


def _moments(days: pl.Series) -> pl.Series:
    """Working hours on these days, a third of them in UTC, and late ones that UTC has a day sooner.

    Written as APIs do: ``2023-05-01T09:30:00+02:00``, ``2023-05-01T07:30:00Z``.
    """
    minute = np.random.default_rng(3).integers(8 * 60, 17 * 60, len(days))
    minute[::50] = 25  # just after midnight: in summer the evening before, in UTC
    local = days.cast(pl.Datetime).dt.replace_time_zone("Europe/Amsterdam")
    moment = local + pl.Series(minute * 60_000_000).cast(pl.Duration("us"))
    zoned = moment.dt.strftime("%Y-%m-%dT%H:%M:%S%:z")
    utc = moment.dt.convert_time_zone("UTC").dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    is_utc = pl.Series(np.arange(len(days)) % 2 == 0)
    return pl.select(pl.when(is_utc).then(utc).otherwise(zoned).alias("moment")).to_series()
