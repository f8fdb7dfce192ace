import re
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from s2c2.algorithms import ALGORITHMS
from s2c2.metrics.coverage import risk_coverage
from s2c2.report import figures

ROOT = Path(__file__).parents[2]


def histogram() -> str:
    rng = np.random.default_rng(0)
    return figures.ambiguity_histogram(rng.random(50), rng.random(50) < 0.4)


def risk() -> str:
    curve = risk_coverage(np.array([0.1, 0.2, 0.3]), np.array([False, True, False]))
    return figures.risk_coverage_curves({"ours <1> & $x": curve, "plain": curve})


def training() -> str:
    rows = [
        {"step": i, "progress": i / 9, "rate": 0.1, "total": 1 / i, "labeled": None} for i in range(1, 10)
    ]
    return figures.training_curves(rows, 'run "a" <b>')


def scatter() -> str:
    return figures.f1_distance(
        [figures.Point(0.8, 0.3, "pets", False), figures.Point(0.9, 0.2, "pets", True)],
    )


@pytest.mark.parametrize("draw", [histogram, risk, training, scatter])
def test_a_figure_is_one_clean_element_that_follows_the_text_colour(draw: Callable[[], str]) -> None:
    text = draw()
    assert (
        ElementTree.fromstring(text.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))
        is not None
    )
    assert "currentColor" in text
    assert figures.INK not in text
    labels = re.findall(r"<text[^>]*style=\"([^\"]*)\"", text)
    assert labels
    assert all("fill: currentColor" in style for style in labels)
    assert not re.search(r"#000000|(?:fill|stroke): #ffffff", text)
    assert re.match(r'<svg viewBox="[\d. ]+" fill="currentColor" role="img" aria-label="[^"<>]+"', text)


@pytest.mark.parametrize("draw", [histogram, risk, training, scatter])
def test_a_figure_is_the_same_each_time(draw: Callable[[], str]) -> None:
    assert draw() == draw()


def test_names_are_escaped_and_dollar_signs_are_no_formula() -> None:
    assert "ours &lt;1&gt; &amp; $x" in risk()
    assert 'aria-label="Losses of run &quot;a&quot; &lt;b&gt; over the steps"' in training()


def test_the_legends_count_both_kinds_of_images() -> None:
    text = figures.ambiguity_histogram(np.array([0.1, 0.2, 0.9]), np.array([False, False, True]))
    assert "people agree (2 images)" in text
    assert "people disagree (1 images)" in text


def test_one_kind_of_images_only_is_drawn() -> None:
    assert "people disagree (0 images)" in figures.ambiguity_histogram(np.array([0.5]), np.array([False]))


def test_the_area_is_named() -> None:
    # risks 0, 1/2, 1/3: their mean is 5/18
    assert "AURC 0.278" in risk()


def test_a_script_the_font_lacks_gives_no_warning() -> None:
    curve = risk_coverage(np.array([0.1]), np.array([True]))
    assert "ねこ" in figures.risk_coverage_curves({"ねこ": curve})


def test_a_long_name_of_a_run_is_wrapped_in_the_legend() -> None:
    curve = risk_coverage(np.array([0.1, 0.2]), np.array([False, True]))
    name = "mean-teacher + S2C2 (" + "a-long-name-" * 5 + "), by confidence"
    texts = re.findall(r">([^<>]+)<", figures.risk_coverage_curves({name: curve}))
    lines = [text for text in texts if "long-name" in text or "AURC" in text]
    assert len(lines) > 1
    assert max(map(len, lines)) <= 44
    assert "AURC 0.250" in " ".join(lines)


@pytest.mark.parametrize("draw", [histogram, risk, training, scatter])
def test_a_figure_is_a_file_of_its_own_too(draw: Callable[[], str]) -> None:
    text = figures.standalone(draw())
    assert ElementTree.fromstring(text).tag == "{http://www.w3.org/2000/svg}svg"
    assert "prefers-color-scheme:dark" in text
    assert figures.standalone('<svg xmlns="http://www.w3.org/2000/svg"><g/></svg>').count("xmlns") == 1


@pytest.mark.parametrize("path", sorted((ROOT / "results").rglob("*.svg")), ids=lambda path: path.name)
def test_committed_figures_are_svg_files(path: Path) -> None:
    assert ElementTree.parse(path).getroot().tag == "{http://www.w3.org/2000/svg}svg"


def test_each_algorithm_has_a_colour_of_its_own() -> None:
    drawn = figures.f1_distance([figures.Point(0.5, 0.5, name, False) for name in ALGORITHMS])
    assert len({colour for colour in figures.PALETTE if f"stroke: {colour}" in drawn}) == len(ALGORITHMS)
