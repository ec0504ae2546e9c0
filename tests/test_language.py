"""Two languages: numbers and dates as each writes them, and a catalogue that is complete."""

import datetime as dt
import string
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watwerkt.errors import ParameterError, WatwerktError
from watwerkt.publish.language import Translator, read_catalogue
from watwerkt.publish.messages import find_messages, package_sources

ROOT = Path(__file__).parents[1]
NL, EN = Translator("nl"), Translator("en")


def asked() -> set[str]:
    return find_messages([*package_sources(), *sorted((ROOT / "notebooks").glob("*.ipynb"))])


def translated() -> dict[str, str | tuple[str, ...]]:
    """Every message of the catalogue, plural forms under each of their ids."""
    entries = {}
    for message in read_catalogue("nl"):
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        entries |= dict.fromkeys(ids, message.string)
    entries.pop("")
    return entries


def test_no_dutch_is_missing():
    missing = sorted(asked() - translated().keys())
    assert not missing, "add to publish/locale/nl.po:\n" + "\n".join(
        f'msgid "{msgid}"\nmsgstr ""\n' for msgid in missing
    )


def test_no_dutch_is_unused():
    assert sorted(translated().keys() - asked()) == []


def test_no_dutch_is_empty_or_fuzzy():
    catalogue = read_catalogue("nl")
    assert [m.id for m in catalogue if m.id and (m.fuzzy or not m.string)] == []


def placeholders(sentence: str) -> set[tuple[str, str]]:
    parsed = string.Formatter().parse(sentence)
    return {(name, spec or "") for _, name, spec, _ in parsed if name is not None}


def test_both_languages_fill_the_same_placeholders():
    differing = {
        msgid: dutch
        for msgid, string_ in translated().items()
        for dutch in (string_ if isinstance(string_, tuple) else (string_,))
        if placeholders(dutch) != placeholders(msgid)
    }
    assert differing == {}


def test_a_missing_message_is_an_error_in_dutch_and_itself_in_english():
    with pytest.raises(WatwerktError, match=r"no Dutch for 'Nobody wrote this'.*nl\.po"):
        NL.text("Nobody wrote this")
    assert EN.text("Nobody wrote this {n}", n=1234) == "Nobody wrote this 1,234"


def test_only_dutch_and_english():
    with pytest.raises(ParameterError, match="no such language: fr"):
        Translator("fr")


@pytest.mark.parametrize(
    ("value", "spec", "dutch", "english"),
    [
        (1234567, "", "1.234.567", "1,234,567"),
        (np.int64(-5), "", "−5", "−5"),
        (0.1 + 0.2, ".2", "0,30", "0.30"),
        (-0.001, ".2", "0,00", "0.00"),
        (0.125, "%1", "12,5%", "12.5%"),
        (1.0, "%", "100%", "100%"),
        (12.0, "", "12", "12"),
        (None, ".2", "–", "–"),
        (pd.NA, "", "–", "–"),
        (float("nan"), "%", "–", "–"),
        (pd.NaT, "month", "–", "–"),
        (dt.date(2024, 10, 3), "", "3 oktober 2024", "3 October 2024"),
        (pd.Timestamp("2024-10-01"), "month", "oktober 2024", "October 2024"),
        ("2024-10", "month", "oktober 2024", "October 2024"),
        ("PW", "", "PW", "PW"),
        (np.True_, "", "ja", "yes"),
    ],
)
def test_a_value_as_it_is_written(value, spec, dutch, english):
    assert (NL.value(value, spec), EN.value(value, spec)) == (dutch, english)


def test_short_months_fit_an_axis():
    assert NL.month(dt.date(2024, 3, 1), "short") == "mrt 2024"


def test_a_sentence_writes_its_values_by_the_placeholder():
    filled = EN.text("{n} people, {share:%1}", n=12345, share=0.0349)
    assert filled == "12,345 people, 3.5%"


@pytest.mark.parametrize(("n", "sentence"), [(1, "1 client"), (0, "0 clients"), (2, "2 clients")])
def test_plural(n, sentence):
    assert EN.plural("{n} client", "{n} clients", n) == sentence


@given(st.floats(-1e9, 1e9), st.integers(0, 4))
def test_a_number_can_be_read_back(value, decimals):
    written = NL.number(value, decimals)
    read = float(written.replace(".", "").replace(",", ".").replace("−", "-"))
    assert read == pytest.approx(value, abs=0.5 * 10**-decimals + 1e-6)


def sample(tmp_path: Path, source: str, name: str = "module.py") -> set[str]:
    path = tmp_path / name
    path.write_text(source, encoding="utf-8")
    return find_messages([path])


@pytest.mark.parametrize(
    ("source", "messages"),
    [
        ('page.say("A {n}", source, at=-1)', {"A {n}"}),
        ('page.warn("B")', {"B"}),
        (
            'page.table(frame, "T", {"x": "X"}, names={"x": {"c": "C"}}, codes={"y": "z"})',
            set("TXC"),
        ),
        ('page.figure(plot, f, "T", alt="A", columns={"x": "X"}, x="x")', set("TAX")),
        ('page.figure(plot, f, title="T" if wide else "U", alt="A")', set("TUA")),
        ('translator.plural("one", "many", n)', {"one", "many"}),
        ('STEP_LABELS = {"a": "A"}', {"A"}),
        ('page.table(frame, "T", ["month", "n"])', {"T"}),
        ('page.figure(plot, frame, "T", "A", columns=("month", "n"))', {"T", "A"}),
        ('prepared.table("contacts")', set()),
        ('axes.text(0.5, 1, "drawn")', set()),
        ('"a string"', set()),
    ],
)
def test_what_is_a_message(tmp_path, source, messages):
    assert sample(tmp_path, source) - find_messages([]) == messages


def test_a_message_id_is_no_f_string(tmp_path):
    with pytest.raises(WatwerktError, match="not an f-string"):
        sample(tmp_path, 'page.say(f"{n} clients")')


def test_messages_in_templates(tmp_path):
    source = '<p>{{ text("Shown {n}", n=1) }}</p>{{ other("x") }}'
    assert "Shown {n}" in sample(tmp_path, source, "page.j2")
