"""Figures: what is drawn, that nothing is cut off or overlaps, and the same bytes every time."""

import datetime as dt
import itertools
import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Annotation, Text
from numpy.testing import assert_allclose

from watwerkt.publish.figures import (
    plot_bands,
    plot_curve,
    plot_flow,
    plot_forest,
    plot_journeys,
    plot_layers,
    plot_lines,
    plot_pairs,
    plot_pyramid,
    plot_stack,
    plot_tiles,
)
from watwerkt.publish.figures.axis import LINE_HEIGHT, spread
from watwerkt.publish.figures.journeys import BAR
from watwerkt.publish.figures.tiles import KIND_LABELS
from watwerkt.publish.labels import Labels
from watwerkt.publish.language import Translator
from watwerkt.publish.style import COLOURS, SEQUENCE, colours_of, house_style
from watwerkt.publish.svg import figure_svg

TOUCHING = 1.0  # points that two texts may share: the rounding of glyph boxes
MONTHS = pd.date_range("2018-01-01", periods=72, freq="MS")
TIME = np.arange(0, 61)
GROUPS = {
    "work": "werk",
    "other_income": "ander inkomen",
    "household": "verandering van het huishouden",
    "administrative": "geen recht of geen inlichtingen",
    "outside": "verhuisd, AOW, overleden",
}
FLOWS = pd.concat(
    pd.DataFrame({"month": MONTHS, "flow": flow, "n_persons": level + 9 * (np.arange(72) % 5)})
    for flow, level in {"inflow": 1090, "outflow": 1095}.items()
)
CURVES = pd.concat(
    pd.DataFrame({"time": TIME, "destination": code, "estimate": height * (1 - np.exp(-TIME / 20))})
    for code, height in zip(GROUPS, (0.42, 0.05, 0.049, 0.048, 0.02), strict=True)
)
CURVES = CURVES.assign(conf_low=CURVES["estimate"] * 0.95, conf_high=CURVES["estimate"] * 1.05)
BANDS = pd.DataFrame(
    {
        "band": ["0–24", "25–49", "50–74", "75–99", "100–124", "125–149", "150–199", "200+"],
        "n_months": pd.array([pd.NA, 1000, 2500, 4000, 3500, 2000, 1000, pd.NA], dtype="Int64"),
    }
)
FOREST = pd.DataFrame(
    {
        "term": ["naive", "lagged", "nothing"],
        "estimate": np.log([1.9, 1.06, np.nan]),
        "conf_low": np.log([1.7, 0.93, np.nan]),
        "conf_high": np.log([2.12, 1.2, np.nan]),
        "mde": np.log([1.2, 1.25, np.nan]),
        "status": ["warning", "indicative", "indicative"],
    }
)
TERMS = {
    "naive": "ooit een gesprek gehad, vergeleken met nooit een gesprek",
    "lagged": "gesprek twee tot vier maanden geleden",
    "nothing": "te weinig mensen",
}
LEDGER = pd.DataFrame(
    itertools.product(["benefits", "contacts", "total"], ["merge", "repair", "quarantine"]),
    columns=["table", "action"],
).assign(n_rows=[100, 60, 30, 2500, 600, 220, 2600, 660, 250])
COHORTS = pd.DataFrame(
    itertools.product(MONTHS[::12], ["≤ 2018", "2019", "2020", "total"]),
    columns=["month", "cohort"],
).assign(n_persons=pd.array([900, 0, 0, 900, 700, 300, 0, 1010, *[500, pd.NA, pd.NA, 900] * 4]))
STEPS = {
    "1": "trede 1: geïsoleerd",
    "2": "trede 2: sociale contacten buitenshuis",
    "3": "trede 3: deelname georganiseerde activiteiten",
}
WHO = {"stock": "mensen in de bijstand", "inflow": "instromers"}
PAIRS = pd.DataFrame(itertools.product(WHO, STEPS), columns=["population", "step"]).assign(
    share=[0.41, 0.02, np.nan, 0.4, 0.31, np.nan]
)
AGES = pd.DataFrame(
    itertools.product(["18–26", "27–44", "45+", "total"], ["male", "female", "total"]),
    columns=["age", "sex"],
).assign(n_persons=pd.array([75, 80, 155, 1435, 1575, 3010, pd.NA, 415, 425, 1520, 2070, 3590]))
SEXES, AGED = {"male": "man", "female": "vrouw"}, {"y": "age"}
TILES = pd.DataFrame(
    {
        "table": np.repeat(["administrative_errors", "contacts"], 72),
        "month": [*MONTHS, *MONTHS],
        "n_rows": pd.array([100] * 70 + [40, 10] + [50] * 70 + [0, pd.NA], dtype="Int64"),
    }
)
BREAKS = [
    (dt.date(2019, 3, 1), dt.date(2021, 2, 28), "corona, Tozo"),
    (dt.date(2022, 12, 1), dt.date(2023, 1, 31), "provisions counted anew"),
    (dt.date(2023, 9, 5), dt.date(2023, 12, 31), "not complete yet"),
]
LATE = {"span": BREAKS[2]}
FLOW = pd.DataFrame(
    [
        ("begeleiding", "declined", "invited", 245),
        ("begeleiding", "excluded", "invited", pd.NA),
        *(("begeleiding", arm, "invited", 160) for arm in ("usual", "talks", "courses")),
        ("begeleiding", "total", "invited", 740),
        *(
            (trial, arm, step, 150)
            for trial, arms in (("begeleiding", ["usual", "talks", "courses"]), ("zoek", ["usual"]))
            for arm in arms
            for step in ("took_up", "followed", "analysed")
        ),
        ("zoek", "usual", "drawn", 265),
        ("zoek", "total", "drawn", 520),
    ],
    columns=["trial_id", "branch", "step", "n_persons"],
)
JOURNEYS = pd.DataFrame(
    {
        "chain_state": [
            *(f"{step}_{fate}" for step in ("application", "plan", "placement")
              for fate in ("waiting", "left")),
            "aftercare",
            "total",
        ],
        "n_journeys": pd.array([90, 1115, 620, 305, pd.NA, pd.NA, 330, 2475], dtype="Int64"),
    }
)  # fmt: skip
CHAIN = {"application": "aanvraag", "plan": "plan van aanpak", "placement": "plaatsing"}
CHAIN |= {"aftercare": "nazorg"}
CALLED = {
    "branch": {"declined": "geweigerd", "excluded": "vooraf afgevallen", "usual": "gebruikelijk"},
    "step": {
        "invited": "uitgenodigd",
        "took_up": "deed mee",
        "followed": "een jaar gevolgd",
        "analysed": "telt mee in de uitkomst",
    },
}
ODDS = dict.fromkeys(("estimate", "conf_low", "conf_high", "mde"), "exp.2")
SHARES = dict.fromkeys(("estimate", "conf_low", "conf_high"), "%1")


def label(columns: str, formats=None, names=None) -> Labels:
    called = {name: name.replace("_", " ") for name in columns.split()}
    if "estimate" in called:
        called["estimate"] = "aandeel dat naar deze bestemming is uitgestroomd"
    return Labels(Translator("nl"), called, formats or {}, names or {}, "synthetisch")


def drawings(is_narrow: bool) -> dict[str, Figure]:
    curves = label("time destination estimate conf_low conf_high", SHARES, {"destination": GROUPS})
    forest = label("term estimate conf_low conf_high mde", ODDS, {"term": TERMS})
    jobs = {
        "lines": (plot_lines, FLOWS, label("month flow n_persons"), lines("flow")),
        "curve": (plot_curve, CURVES, curves, {"series": "destination"}),
        "bands": (plot_bands, BANDS, label("band n_months"), {"x": "band", "y": "n_months"}),
        "forest": (plot_forest, FOREST, forest, {"is_ratio": True}),
        "stack": (plot_stack, LEDGER, label("table action n_rows"), stack()),
        "layers": (plot_layers, COHORTS, label("month cohort n_persons"), lines("cohort")),
        "pairs": (
            plot_pairs,
            PAIRS,
            label("step population share", {"share": "%0"}, {"step": STEPS, "population": WHO}),
            {"y": "step", "x": "share", "series": "population"},
        ),
        "pyramid": (
            plot_pyramid,
            AGES,
            label("age sex n_persons", {}, {"sex": SEXES}),
            {"y": "age"},
        ),
        "span": (
            plot_lines,
            FLOWS,
            label("month flow n_persons"),
            lines("flow") | {"span": BREAKS[2]},
        ),
        "flow": (plot_flow, FLOW, label("trial_id branch step n_persons", {}, CALLED), {}),
        "journeys": (
            plot_journeys,
            JOURNEYS,
            label("chain_state n_journeys", {}, {"chain_step": CHAIN}),
            {},
        ),
        "tiles": (plot_tiles, TILES, label("month table n_rows"), tiles() | {"spans": BREAKS}),
    }
    with house_style():
        return {
            name: plot(frame, replace(labels, is_narrow=is_narrow), **options)
            for name, (plot, frame, labels, options) in jobs.items()
        }


def lines(series: str = "") -> dict[str, str]:
    return {"x": "month", "y": "n_persons", "series": series}


def tiles() -> dict[str, str]:
    return {"x": "month", "y": "n_rows", "series": "table"}


def stack() -> dict[str, str]:
    return {"y": "table", "x": "n_rows", "series": "action"}


WIDE, NARROW = drawings(is_narrow=False), drawings(is_narrow=True)
EVERY = [pytest.param(figure, id=f"{name}-wide") for name, figure in WIDE.items()]
EVERY += [pytest.param(figure, id=f"{name}-narrow") for name, figure in NARROW.items()]


def texts(figure: Figure) -> list[Text]:
    figure.draw_without_rendering()
    drawn = [t for t in figure.findobj(Text) if t.get_visible() and t.get_text().strip()]
    ticks = [t for axes in figure.axes for axis in (axes.xaxis, axes.yaxis) for t in hidden(axis)]
    return [text for text in drawn if text not in ticks]


def hidden(axis) -> list[Text]:
    """The labels of ticks outside the view, which are not drawn."""
    low, high = sorted(axis.get_view_interval())
    slack = (high - low) * 1e-6
    return [
        text
        for tick in [*axis.get_major_ticks(), *axis.get_minor_ticks()]
        for text in (tick.label1, tick.label2)
        if not low - slack <= tick.get_loc() <= high + slack or not text.get_visible()
    ]


def said(figure: Figure) -> str:
    return "\n".join(text.get_text() for text in texts(figure))


@pytest.mark.parametrize("figure", EVERY)
def test_no_text_is_cut_off(figure):
    width, height = figure.bbox.size
    for text in texts(figure):
        box = text.get_window_extent()
        inside = box.x0 >= -1 and box.y0 >= -1 and box.x1 <= width + 1 and box.y1 <= height + 1
        assert inside, text.get_text()


@pytest.mark.parametrize("figure", EVERY)
def test_no_texts_overlap(figure):
    boxes = [(text.get_text(), Text.get_window_extent(text)) for text in texts(figure)]
    for (first, a), (second, b) in itertools.combinations(boxes, 2):
        width = min(a.x1, b.x1) - max(a.x0, b.x0)
        height = min(a.y1, b.y1) - max(a.y0, b.y0)
        assert min(width, height) <= TOUCHING * figure.dpi / 72, f"{first!r} over {second!r}"


@pytest.mark.parametrize("figure", EVERY)
def test_every_figure_carries_the_mark_and_names_its_axes(figure):
    assert "synthetisch" in said(figure)
    (axes,) = figure.axes
    if not axes.axison:  # a flow has no axes to name
        return
    assert axes.get_xlabel()
    assert axes.get_title(loc="left") or axes.yaxis_inverted(), "rows are named one by one"


def test_numbers_are_those_of_the_language():
    assert "1.000" in said(WIDE["lines"])
    assert "40%" in said(WIDE["curve"])
    assert "1,06 (0,93 – 1,20)" in said(WIDE["forest"])
    assert "2018\n2019" in said(WIDE["lines"])


def test_lines_are_named_where_they_end():
    named = {t.get_text().replace("\n", " "): t.get_color() for t in texts(WIDE["curve"])}
    ends = {GROUPS[code]: COLOURS[code] for code in GROUPS}
    assert named.items() >= ends.items()


def test_every_curve_has_its_interval():
    (axes,) = WIDE["curve"].axes
    assert len(axes.collections) == len(GROUPS)


def test_a_suppressed_month_leaves_a_gap():
    frame = FLOWS[FLOWS["flow"] == "inflow"].astype({"n_persons": "Int64"}).reset_index(drop=True)
    frame.loc[10, "n_persons"] = pd.NA
    figure = plot_lines(frame, label("month n_persons"), **lines())
    assert np.isnan(figure.axes[0].lines[0].get_ydata()).sum() == 1


def test_a_suppressed_band_is_a_dash_and_no_bar():
    (axes,) = WIDE["bands"].axes
    assert axes.patches[0].get_height() == 0
    assert said(WIDE["bands"]).count("–\n") >= 1


def test_a_margin_is_no_part_of_a_drawing():
    assert "total" not in said(WIDE["stack"])
    assert len(WIDE["stack"].axes[0].patches) == 6


@pytest.mark.parametrize("figures", [WIDE, NARROW], ids=["wide", "narrow"])
def test_layers_reach_their_total_and_what_is_hidden_is_hatched(figures):
    (axes,) = figures["layers"].axes
    layers, rest = axes.collections[:3], axes.collections[3]
    tops = [layer.get_paths()[0].vertices[:, 1].max() for layer in layers]
    assert tops == [900, 1000, 1000]
    assert rest.get_hatch()
    assert rest.get_paths()[0].vertices[:, 1].max() == 1010
    assert "niet getoond: te weinig mensen" in said_in_legend(figures["layers"])
    named = {t.get_text() for t in texts(figures["layers"])}
    assert {"≤ 2018", "2019", "2020"} <= named


def said_in_legend(figure: Figure) -> str:
    return "\n".join(text.get_text() for legend in figure.legends for text in legend.texts)


@pytest.mark.parametrize("figures", [WIDE, NARROW], ids=["wide", "narrow"])
def test_pairs_have_a_shape_and_a_value_each_and_a_dash_where_nothing_may_be_shown(figures):
    (axes,) = figures["pairs"].axes
    points = [
        line for line in axes.lines if line.get_marker() in {"o", "D"} and len(line.get_xdata())
    ]
    drawn = {(line.get_marker(), round(float(line.get_xdata()[0]), 2)) for line in points}
    assert drawn == {("o", 0.41), ("D", 0.4), ("o", 0.02), ("D", 0.31)}
    assert {"41%", "40%", "2%", "31%", "–"} <= set(said(figures["pairs"]).splitlines())
    assert axes.get_xlim()[0] == 0


def test_a_pyramid_puts_the_sexes_on_either_side_and_hides_what_is_few():
    (axes,) = WIDE["pyramid"].axes
    assert [patch.get_width() for patch in axes.patches] == [-75, -1435, 0, 80, 1575, 415]
    assert {"man", "vrouw", "1.435", "–"} <= set(said(WIDE["pyramid"]).splitlines())
    assert "−" not in said(WIDE["pyramid"]), "people are counted to the left too"


def test_a_tile_compares_a_month_with_the_median_of_its_row():
    """Seventy months as usual, then fewer than half, fewer than a fifth, none, and hidden."""
    (axes,) = WIDE["tiles"].axes
    widths = [bar.get_paths()[0].get_extents().width for bar in axes.collections]
    assert [round(width / 30.4) for width in widths] == [70, 1, 1, 70, 1, 1]
    legend = {text.get_text() for text in WIDE["tiles"].legends[0].get_texts()}
    assert legend == {Translator("nl").text(name) for name in KIND_LABELS.values()}


def test_tiles_all_as_usual_need_no_other_name():
    calm = TILES[TILES["n_rows"].fillna(0) >= 50]
    figure = plot_tiles(calm, label("month table n_rows"), **tiles())
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [
        Translator("nl").text(KIND_LABELS["usual"])
    ]


def test_stretches_of_days_are_named():
    assert "nog niet\ncompleet" in said(WIDE["span"])
    for name in ("corona, Tozo", "voorzieningen anders geteld", "nog niet compleet"):
        assert name in said(WIDE["tiles"])


def test_a_naive_estimate_looks_and_is_called_misleading():
    (axes,) = WIDE["forest"].axes
    assert "(misleidend)" in said(WIDE["forest"])
    assert [patch.get_hatch() for patch in axes.patches].count("////") == 1


def test_the_detectable_effect_lies_around_no_effect():
    (axes,) = WIDE["forest"].axes
    (bar,) = [patch for patch in axes.patches if not patch.get_hatch()]
    assert_allclose([bar.get_x(), bar.get_x() + bar.get_width()], [1 / 1.25, 1.25])


@pytest.mark.parametrize("figure", [WIDE["flow"], NARROW["flow"]], ids=["wide", "narrow"])
def test_every_arrow_of_a_flow_ends_at_a_box(figure):
    figure.draw_without_rendering()
    axes = figure.axes[0]
    boxes = [patch.get_bbox() for patch in axes.patches]
    ends = [note.xy for note in axes.texts if isinstance(note, Annotation)]
    assert len(ends) == 2 + 3 * 4 + 4  # set aside; per arm from the lottery, and three steps on
    for x, y in ends:
        on_side = any(abs(box.x0 - x) < 1e-9 and box.y0 <= y <= box.y1 for box in boxes)
        on_top = any(abs(box.y1 - y) < 1e-9 and box.x0 <= x <= box.x1 for box in boxes)
        assert on_side or on_top
    assert not any(a.overlaps(b) for a, b in itertools.combinations(boxes, 2))


def test_journeys_are_as_wide_as_they_are_many_and_hidden_ones_are_a_dash():
    found = said(WIDE["journeys"]).splitlines()
    assert [n for n in found if n.removeprefix("≈ ").replace(".", "").isdigit()] == [
        "2.475", "1.270", "345", "≈ 345"
    ]  # fmt: skip
    assert "nog geen nazorg –" in found
    bars = [p for p in WIDE["journeys"].findobj(Rectangle) if np.isclose(p.get_height(), BAR)]
    widths = [bar.get_width() for bar in bars]
    assert_allclose(np.array(widths) / widths[0], np.array([2475, 1270, 345, 345]) / 2475)


def test_a_frame_is_not_changed_by_drawing_it():
    before = CURVES.copy()
    drawings(is_narrow=False)
    pd.testing.assert_frame_equal(CURVES, before)


@pytest.mark.parametrize("name", WIDE)
def test_svg_is_the_same_twice_whatever_the_user_set(name):
    first = figure_svg_of(name)
    with mpl.rc_context({"font.size": 30, "svg.hashsalt": None, "axes.grid": False}):
        assert figure_svg_of(name) == first


def figure_svg_of(name: str) -> str:
    with house_style():
        return figure_svg(drawings(is_narrow=False)[name], "figure-x", 'A "quoted" <alt>')


@pytest.mark.parametrize("figure", EVERY)
def test_svg_is_well_formed_with_ids_of_its_own(figure):
    with house_style():
        source = figure_svg(figure, "figure-a", 'A "quoted" <alt> & more')
    root = ET.fromstring(source)
    assert root.attrib["role"] == "img"
    assert root.attrib["aria-label"] == 'A "quoted" <alt> & more'
    ids = re.findall(r'\sid="([^"]+)"', source)
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"figure-a-\d+", found) for found in ids)
    assert set(re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', source)) <= {
        pair for found in ids for pair in ((found, ""), ("", found))
    }
    assert not re.search(r"<!--|metadata|http://(?!www\.w3\.org/2000/svg)", source)
    geometry = [e.attrib.get(name, "") for e in root.iter() for name in ("d", "x", "y", "width")]
    assert not re.search(r"\.\d{3}", " ".join(geometry)), "noise that differs between machines"


@given(st.lists(st.floats(0, 300), min_size=1, max_size=9), st.floats(5, 30))
def test_names_at_line_ends_never_overlap_and_keep_their_order(wanted, tall):
    places = spread(np.sort(wanted), np.full(len(wanted), tall))
    assert (np.diff(places) >= tall - 1e-9).all()
    assert places.min() >= (tall - LINE_HEIGHT) / 2 - 1e-9


def test_names_far_apart_stay_where_their_lines_end():
    assert_allclose(spread(np.array([0.0, 50, 90]), np.full(3, 13.0)), [0, 50, 90])


def test_a_thing_keeps_its_colour_whatever_else_is_drawn():
    assert colours_of(["education", "work"])["work"] == colours_of(["work"])["work"]
    unnamed = colours_of(["team 1", "work", "team 2"])
    assert len(set(unnamed.values())) == 3


# Machado, Oliveira and Fernandes (2009), A physiologically-based model for simulation of color
# vision deficiency, table 1, severity 1.0: on linear RGB.
DEFICIENCIES = {
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
    "none": np.eye(3).tolist(),
}
CLEARLY_DIFFERENT = 15  # CIE76; about 2.3 is just noticeable


def linear(colour: str) -> np.ndarray:
    share = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def lab(light: np.ndarray) -> np.ndarray:
    """CIE L*a*b* of linear sRGB, white point D65."""
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    xyz = (np.array(to_xyz) @ np.clip(light, 0, 1)) / [0.95047, 1, 1.08883]
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("deficiency", DEFICIENCIES)
def test_colours_stay_apart_for_the_colour_blind(deficiency):
    seen = [lab(np.array(DEFICIENCIES[deficiency]) @ linear(colour)) for colour in SEQUENCE]
    distances = [np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)]
    assert min(distances) > CLEARLY_DIFFERENT


@pytest.mark.parametrize("colour", sorted({*COLOURS.values(), *SEQUENCE}))
def test_names_can_be_read_in_their_colour(colour):
    contrast = 1.05 / (linear(colour) @ [0.2126, 0.7152, 0.0722] + 0.05)
    assert contrast >= 4.5  # WCAG 2.2, 1.4.3
