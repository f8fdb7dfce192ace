import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from markupsafe import escape

from s2c2 import files
from s2c2.data.dataset import Dataset, read
from s2c2.errors import UserError
from s2c2.report import report
from s2c2.report.subject import subjects
from s2c2.runs import Run, dataset_of

SECTIONS = ("At equal coverage", "Scores", "What the network knows", "Confusion", "Confidence and ambiguity",
            "Examples by class", "Clusters of ambiguous", "Training")  # fmt: skip


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def test_every_section_is_there_and_the_comparison_comes_before_the_scores(page: str) -> None:
    text = page
    places = [text.index(f"<h2>{section}") for section in SECTIONS]
    assert places == sorted(places)


def test_nothing_is_fetched(page: str) -> None:
    text = page
    targets = re.findall(r'(?:src|href)="([^"]*)"', text)
    assert len(targets) > 50
    assert all(target.startswith(("data:image/webp;base64,", "#")) for target in targets)
    assert "<script" not in text
    assert "@import" not in text
    assert not re.search(r"url\((?!#)", text)


class Balance(HTMLParser):
    """Keeps the open tags; those that need no end are left out."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag not in ("meta", "img", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_tags_are_balanced_and_ids_differ(page: str) -> None:
    text, parser = page, Balance()
    parser.feed(text)
    assert parser.open == []
    ids = re.findall(r'\bid="([^"]*)"', text)
    assert len(ids) == len(set(ids))


def test_names_are_escaped(page: str) -> None:
    text = page
    assert "dog &amp; &lt;b&gt;wolf&lt;/b&gt;" in text
    assert "<b>wolf" not in text


def test_the_verdict_and_each_line_of_the_comparison_are_shown(pair: tuple[Run, Run], page: str) -> None:
    scores = pair[0].scores()
    assert scores is not None
    assert scores["comparison"]["verdict"] in page
    for name in ("oracle", "random", "entropy"):
        assert f"{scores['comparison']['f1'][name]:.3f}" in page


@pytest.mark.parametrize(
    ("apart", "low", "high", "shown"),
    [
        (0.022, -0.01, 0.05, "+0.022<p>[−0.010, +0.050]</p></td>"),
        (0.022, 0.01, 0.05, '+0.022 <span class="better">better</span><p>[+0.010, +0.050]</p></td>'),
        (-0.022, -0.05, -0.01, '−0.022 <span class="worse">worse</span><p>[−0.050, −0.010]</p></td>'),
        (0.022, -0.05, -0.01, "+0.022<p>[−0.050, −0.010]</p></td>"),
    ],
)
def test_a_line_is_called_better_only_where_its_interval_says_so(
    apart: float, low: float, high: float, shown: str, pair: Any, tmp_path: Path
) -> None:
    path = pair[0].path / "scores.json"
    known = json.loads(text_of(path))
    known["comparison"]["f1_all"] |= {"s2c2": 0.5 + apart, "vanilla": 0.5}
    known["comparison"]["intervals"]["F1, all images"] = {"low": low, "high": high}
    path.write_text(json.dumps(known), encoding="utf-8")
    rows = text_of(report(pair, tmp_path / "r.html"))
    assert shown in rows.split("F1, all images", 1)[1].split("</tr>", 1)[0]
    oracle = rows.split("oracle rejection", 1)[1].split("</tr>", 1)[0]
    assert "better" not in oracle.split("</p>")[-1], "no interval was asked"


def test_lines_and_verdict_say_the_same(pair: Any, tmp_path: Path) -> None:
    comparison = pair[0].scores()["comparison"]
    text = text_of(report(pair, tmp_path / "r.html"))
    name = f"F1 / vanilla, {comparison['rejection']} rejection"
    row = text.split(name, 1)[1].split("</tr>", 1)[0]
    state = next((word for word in ("better", "worse") if f">{word}<" in row), "no clear difference")
    assert f"with {comparison['rejection']} rejection ({state})" in comparison["verdict"]


def test_an_image_counts_as_wrong_by_what_most_people_said(made: Any, tmp_path: Path) -> None:
    run = made.run("extended")
    text = text_of(report([run], tmp_path / "r.html"))
    frames = re.findall(r'<figure( class="wrong")? title="([^"]*)"', text)
    assert any(bad for bad, _ in frames)
    for bad, title in frames:
        predicted = re.search(r"predicted (.*) \(", title)
        people = re.search(r"people: (.*?) \d+%", title)
        assert predicted is not None
        assert bool(bad) == (people is not None and people[1] != predicted[1])


def test_without_the_dataset_folder_the_rest_is_shown(made: Any, pair: Any, tmp_path: Path) -> None:
    made.dataset.root.rename(tmp_path / "gone")
    text = text_of(report(pair, tmp_path / "r.html"))
    assert "What people said is not shown:" in text
    assert f"extended was trained on it; if it moved, correct root in {made.folder}" in text
    assert "no file" in text
    assert "<h2>Scores" in text
    assert "<h2>Confusion" not in text


def test_a_dataset_whose_classes_changed_is_refused_in_the_words_of_every_command(
    made: Any, tmp_path: Path
) -> None:
    run = made.run("extended")
    facts = files.read_json(run.path / "dataset.json")
    files.write_json(run.path / "dataset.json", facts | {"classes": facts["classes"][::-1]})
    with pytest.raises(UserError) as found:
        dataset_of(run)
    assert escape(f"What people said is not shown: {found.value}.") in text_of(
        report([run], tmp_path / "r.html")
    )


def test_runs_of_one_dataset_read_it_once(made: Any, pair: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    folders: list[Path] = []

    def counted(folder: Path) -> Dataset:
        folders.append(folder)
        return read(folder)

    monkeypatch.setattr("s2c2.report.subject.read", counted)
    assert all(subject.soft_labels is not None for subject in subjects(pair))
    assert folders == [made.dataset.root]


def test_without_annotations_images_and_training_are_shown(made: Any, tmp_path: Path) -> None:
    run = made.run("extended")
    (made.dataset.root / "annotations.csv").unlink()
    text = text_of(report([run], tmp_path / "r.html"))
    assert "Nobody annotated these images" in text
    assert "<h2>Clusters" in text
    assert 'class="wrong"' not in text


def test_a_vanilla_run_alone_has_no_ambiguity_sections(made: Any, tmp_path: Path) -> None:
    run = made.evaluated(made.run("plain", vanilla=True))
    text = text_of(report([run], tmp_path / "r.html"))
    assert "most confident" in text
    for section in ("At equal coverage", "Confidence and ambiguity", "Clusters"):
        assert f"<h2>{section}" not in text


def test_a_run_before_prediction_shows_its_training(made: Any, tmp_path: Path) -> None:
    run = made.run("extended")
    (run.path / "predictions.parquet").unlink()
    text = text_of(report([run], tmp_path / "r.html"))
    assert "s2c2 predict" in text
    assert "s2c2 evaluate" in text
    assert "<h2>Training" in text


def test_an_empty_run_is_still_a_page(made: Any, tmp_path: Path) -> None:
    run = made.run("extended")
    for name in ("predictions.parquet", "losses.jsonl", "splits.csv", "environment.json"):
        (run.path / name).unlink()
    assert "mean-teacher + S2C2" in text_of(report([run], tmp_path / "r.html"))


def test_alarms_are_visible(made: Any, pair: Any, tmp_path: Path) -> None:
    path = pair[0].path / "scores.json"
    marked = text_of(path).replace('"degenerate": false', '"degenerate": true', 1)
    marked = marked.replace('"reasons": []', '"reasons": ["3.0% of the images are predicted ambiguous"]', 1)
    path.write_text(marked, encoding="utf-8")
    text = text_of(report(pair, tmp_path / "r.html"))
    assert 'class="alarm"' in text
    assert "3.0% of the images" in text


def test_undefined_scores_are_a_dash(pair: Any, tmp_path: Path) -> None:
    path = pair[0].path / "scores.json"
    path.write_text(re.sub(r'"auroc": 0\.\d+', '"auroc": null', text_of(path)), encoding="utf-8")
    assert '<td class="value">–</td>' in text_of(report(pair, tmp_path / "r.html"))


def test_scores_of_another_version_are_one_clear_line(pair: Any, tmp_path: Path) -> None:
    path = pair[0].path / "scores.json"
    path.write_text(text_of(path).replace('"rejected"', '"refused"'), encoding="utf-8")
    with pytest.raises(UserError, match="run 's2c2 evaluate' again"):
        report(pair, tmp_path / "r.html")
    assert not (tmp_path / "r.html").exists()


def test_runs_with_one_label_are_told_apart_by_folder(made: Any, tmp_path: Path) -> None:
    runs = [made.run("first"), made.run("second", seed=1)]
    text = text_of(report(runs, tmp_path / "r.html"))
    assert "mean-teacher + S2C2 (first)" in text
    assert "mean-teacher + S2C2 (second)" in text


def test_no_run_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="at least one run"):
        report([], tmp_path / "r.html")


def test_the_page_depends_on_the_runs_only(pair: Any, tmp_path: Path) -> None:
    first, second = report(pair, tmp_path / "1.html"), report(pair, tmp_path / "2.html")
    assert first.read_bytes() == second.read_bytes()
    assert first.stat().st_size < 2_000_000
