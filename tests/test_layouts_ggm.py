"""A GGM warehouse and Suwinet give what the same town gives canonically."""

import polars as pl
import pytest

from intake_deliveries import drawn
from layouts.ggm import held_by_ggm, write_ggm
from layouts.proof import (
    Tables,
    account,
    assert_same,
    chosen,
    cleaned,
    count,
    town,
    write_folder,
)
from layouts.suwinet import held_by_suwinet, write_suwinet
from watwerkt.errors import DeliveryError, PrivacyError
from watwerkt.intake.apply import apply_mapping
from watwerkt.intake.delivery import read_delivery
from watwerkt.intake.mapping import read_mapping

FLAGS = ("is_code_repaired", "contact_id")


def as_ggm(tables: Tables) -> dict:
    """Every export by the mapping of its own; contacts from two of them."""
    exports = write_ggm(tables)
    appointments = ("ggm_balieafspraak", exports.pop("BALIEAFSPRAAK"))
    sources: dict = {name: ("ggm", export) for name, export in exports.items()}
    return sources | {"contacts": [sources["contacts"], appointments]}


@pytest.mark.parametrize("with_history", [True, False], ids=["dated link", "undated link"])
def test_the_same_town_gives_the_same_panel(tmp_path, with_history):
    """Without dated links the caseworkers of the contacts stand in."""
    exports, held = as_ggm(town().tables), held_by_ggm(town().tables)
    if not with_history:
        exports, held = (
            {k: v for k, v in d.items() if k != "assignments"} for d in (exports, held)
        )
    caseworkers = {"caseworkers": town().tables["caseworkers"]}
    delivery, exported = cleaned(write_folder(tmp_path / "export", caseworkers, **exports))
    _, canonical = cleaned(write_folder(tmp_path / "own", held | caseworkers))
    assert_same(exported, canonical, *held, but=FLAGS)
    assert delivery.approximate == {"benefits.registered_date": "TOEKENNINGSDATUM"}
    cancelled = exports["contacts"][1][1].filter(pl.col("AFSPRAAKSTATUS.STATUS") == "Geannuleerd")
    left_out = {"ggm_balieafspraak_contacts.csv: contacts": len(cancelled)}
    assert delivery.left_out == left_out
    attended = exports["contacts"][1][1].filter(pl.col("AFSPRAAKSTATUS.STATUS") == "Verschenen")
    by_rule = [count(done, "contacts", "C02") for done in (exported, canonical)]
    assert by_rule[0] - by_rule[1] == len(attended) > 100
    for table in held:
        assert account(exported, table)[1] == account(canonical, table)[1], table
        assert count(exported, table, "D03") == 0, table


def test_a_link_without_dates_is_no_assignment(tmp_path):
    """Today's caseworker is not read as if she had always been it."""
    exports = as_ggm(town().tables)
    mapping, link = exports["assignments"]
    undated = link.drop("INGANGSDATUM", "EINDDATUM")
    folder = write_folder(tmp_path / "d", {}, **exports | {"assignments": (mapping, undated)})
    with pytest.raises(
        DeliveryError, match="expects for assignments the columns EINDDATUM, INGANGS"
    ):
        read_delivery(folder)


@pytest.mark.parametrize("name", ["NOTITIE", "TOELICHTING"])
def test_notes_in_a_warehouse_are_refused(tmp_path, name):
    exports = as_ggm(town().tables)
    (mapping, contacts), appointments = exports["contacts"]
    noted = contacts.with_columns(pl.lit("klant was boos over zijn buurman").alias(name))
    given = [(mapping, noted), appointments]
    folder = write_folder(tmp_path / "d", {}, **exports | {"contacts": given})
    with pytest.raises(PrivacyError, match=f"{name}: holds free text"):
        read_delivery(folder)


def test_mediation_is_a_contact_about_work(tmp_path):
    raw = drawn("""
BEMIDDELINGSACTIVITEIT_ID;CLIENT_ID;DatumBemiddeling;OmschrijvingSoortContactbemiddeling;IndicatiePlaatsing
b1;k1;06-01-2025 10:59;Telefonisch gesprek;N
b2;k1;2025-02-06;Speeddate;J
""")
    frame, unread = apply_mapping(raw, read_mapping("ggm_bemiddeling", tmp_path), "contacts", "f")
    assert unread == []
    assert frame["channel"].to_list() == ["phone", "Speeddate"]
    assert frame["purpose"].to_list() == ["work", "work"]


def test_suwinet_gives_the_same_panel(tmp_path):
    export, held = write_suwinet(town().tables), held_by_suwinet(town().tables)
    beside = {name: chosen("contacts", "assignments")[name] for name in ("contacts", "assignments")}
    sources = {"clients": ("suwinet", export), "benefits": ("suwinet", export)}
    _, exported = cleaned(write_folder(tmp_path / "export", beside, **sources))
    _, canonical = cleaned(write_folder(tmp_path / "own", held | beside))
    assert_same(exported, canonical, *held, *beside, but=("is_code_repaired", "is_end_repaired"))
    repeated = len(export) - len(held["clients"])
    assert account(exported, "clients") == (len(export), len(held["clients"]), repeated, 0)
