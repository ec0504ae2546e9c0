"""Open Klant, Klantinteracties and Contactmomenten give what the same contacts give canonically."""

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from intake_deliveries import bsns
from layouts.contacts import (
    OFTEN_SPOKEN,
    held_by_contactmomenten,
    held_by_open_klant,
    write_contactmomenten,
    write_crud,
    write_open_klant,
)
from layouts.proof import (
    account,
    assert_same,
    chosen,
    cleaned,
    count,
    panel,
    town,
    write_folder,
)
from watwerkt.errors import PrivacyError
from watwerkt.intake.delivery import read_delivery
from watwerkt.intake.pseudonymise import pseudonymise_delivery

BESIDE = chosen("caseworkers", "assignments")
NOTES = ["Klant belt over de vragen in zijn brief van vorige week " + w for w in "abcdefghijklmno"]


@pytest.fixture(scope="module")
def contacts() -> pl.DataFrame:
    return town().tables["contacts"]


@pytest.mark.parametrize(
    ("mapping", "held", "write"),
    [
        ("open_klant", held_by_open_klant, write_open_klant),
        ("klantinteracties", held_by_open_klant, write_crud),
        ("contactmomenten", held_by_contactmomenten, write_contactmomenten),
    ],
)
@pytest.mark.parametrize("beside", [BESIDE, chosen()], ids=["assignments", "contacts only"])
def test_the_same_contacts_give_the_same_panel(tmp_path, contacts, mapping, held, write, beside):
    """Without assignments the caseworkers of the contacts stand in, and must be the same too."""
    export = write(contacts)
    folder = write_folder(tmp_path / "export", beside, contacts=(mapping, export))
    delivery, exported = cleaned(folder)
    _, canonical = cleaned(write_folder(tmp_path / "own", beside | {"contacts": held(contacts)}))
    assert_same(exported, canonical, "contacts", "clients", but=("contact_id",))
    left_out = delivery.left_out.get(f"{mapping}_contacts.csv: contacts", 0)
    assert account(exported, "contacts")[0] + left_out == len(export)
    twice = contacts.select(OFTEN_SPOKEN.sum()).item()
    merged = account(exported, "contacts")[2] - account(canonical, "contacts")[2]
    assert (
        merged == twice == count(exported, "contacts", "C02") - count(canonical, "contacts", "C02")
    )


def test_strangers_companies_and_nobody_are_accounted_for(tmp_path, contacts):
    folder = write_folder(
        tmp_path / "d", BESIDE, contacts=("open_klant", write_open_klant(contacts))
    )
    delivery, done = cleaned(folder)
    assert delivery.left_out == {"open_klant_contacts.csv: contacts": 15 + 12}
    assert count(done, "contacts", "C01") == 20
    assert count(done, "contacts", "D03") == 0
    assert "mailrobot" not in set(done.tables["contacts"]["caseworker_id"])


def test_contactmomenten_say_that_their_day_is_that_of_registration(tmp_path, contacts):
    folder = write_folder(
        tmp_path / "d", BESIDE, contacts=("contactmomenten", write_contactmomenten(contacts))
    )
    delivery, done = cleaned(folder)
    assert delivery.approximate == {"contacts.contact_date": "registratiedatum"}
    assert "registered_date" not in done.tables["contacts"].columns
    assert done.tables["contacts"]["is_reach_assumed"].all()


IDENTIFYING = [  # what such registers hold beside, and the rule that meets it
    ("medewerkerIdentificatie.achternaam", ["Xqzwk"], "name"),
    ("medewerkerIdentificatie.voorletters", ["A.B."], "name"),
    ("actor.naam", ["Fatima El Idrissi", "P. de Boer", "Jan Jansen", "Mehmet Kaya"], "name"),
    ("tekst", ["klant heeft zich ziek gemeld"], "free_text"),
    ("inhoud", ["klant heeft zich ziek gemeld"], "free_text"),
    ("reactie", ["wij bellen morgen terug hoor"], "free_text"),
    ("NOTITIE", ["komt volgende week terug daarvoor"], "free_text"),
    ("onderwerp", [f"{note} {i}" for i in range(300) for note in NOTES], "free_text"),
    ("digitaalAdres.adres", ["j.jansen@voorbeeld.nl"], "email"),
    ("digitaalAdres.adres", ["06-12345678"], "phone"),
    ("partijIdentificator.objectId", bsns(30), "bsn"),
]


@pytest.mark.parametrize(("name", "values", "rule"), IDENTIFYING)
def test_what_identifies_somebody_in_such_an_export_is_refused(
    tmp_path, contacts, name, values, rule
):
    export = write_open_klant(contacts)
    told = pl.Series(name, (values * len(export))[: len(export)])
    folder = write_folder(
        tmp_path / "d", BESIDE, contacts=("open_klant", export.with_columns(told))
    )
    with pytest.raises(PrivacyError) as refused:
        read_delivery(folder)
    reasons = refused.value.reasons
    assert {"open_klant_contacts.csv"} == {reason["file"] for reason in reasons}
    assert (name, rule) in {(reason["column"], reason["rule"]) for reason in reasons}


def test_a_list_of_subjects_is_no_free_text(tmp_path, contacts):
    subjects = ["Vraag over de uitkering", "Doorgeven van een wijziging", "Afspraak met consulent"]
    export = write_open_klant(contacts)
    told = pl.Series("onderwerp", (subjects * len(export))[: len(export)])
    folder = write_folder(
        tmp_path / "d", BESIDE, contacts=("open_klant", export.with_columns(told))
    )
    delivery = read_delivery(folder)
    assert "onderwerp" in delivery.dropped_columns["open_klant_contacts.csv"]


def test_a_raw_register_can_be_pseudonymised(tmp_path, contacts):
    """BSN as partij-identificator, a worker's login, names and texts: as the register has it."""
    people = town().tables["clients"]["person_id"]
    numbers = dict(zip(people, bsns(len(people)), strict=True))
    export = write_open_klant(contacts)
    register = export.with_columns(
        pl.col("partijIdentificator.objectId").replace(numbers),
        pl.Series("actor.naam", (["Jan Jansen", "Fatima Kaya"] * len(export))[: len(export)]),
        pl.lit("Klant belt over zijn aanvraag van vorige week").alias("inhoud"),
    )
    renumbered = {
        name: table.with_columns(pl.col("person_id").replace_strict(numbers))
        for name, table in chosen("assignments").items()
    }
    raw = write_folder(tmp_path / "raw", renumbered, contacts=("open_klant", register))
    key = tmp_path / "key"
    key.write_bytes(b"0123456789abcdef0123456789ABCDEF-not-so-secret")
    told = pseudonymise_delivery(raw, key, tmp_path / "out")
    for column in ("inhoud", "actor.naam"):
        assert any(f"{column} was taken out" in sentence for sentence in told)
    _, done = cleaned(tmp_path / "out")
    beside = chosen("assignments")
    _, before = cleaned(write_folder(tmp_path / "own", beside, contacts=("open_klant", export)))
    assert account(done, "contacts") == account(before, "contacts")
    same = panel(done).drop("person_id", "spell_id", "caseworker_id")
    assert_frame_equal(same.sort(pl.all()), panel(before).select(same.columns).sort(same.columns))
