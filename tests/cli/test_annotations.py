import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from s2c2.data import dataset
from s2c2.predictions import Predictions
from tests.cli.conftest import QUICK, Command
from tests.web.conftest import postgres as postgres
from tests.web.conftest import server as server


@pytest.fixture(scope="module")
def log(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two people who answer the first forty images of the small dataset."""
    found = dataset.read(small)
    rows = [
        (image, who, found.classes[(i + (who == "bob" and i % 4 == 0)) % len(found.classes)], 1.5)
        for i, image in enumerate(found.images[:40])
        for who in ("ann", "bob")
    ]
    path = tmp_path_factory.mktemp("log") / "log.csv"
    pl.DataFrame(rows, schema=["image", "annotator", "label", "seconds"], orient="row").write_csv(path)
    return path


@pytest.mark.parametrize(
    ("format", "name"),
    [("parquet", "log.parquet"), ("label-studio", "ls"), ("imagefolder", "hf"), ("dcic", "dc")],
)
def test_there_and_back(
    format: str, name: str, log: Path, small: Path, s2c2: Command, tmp_path: Path
) -> None:
    done = s2c2("annotations", "export", log, tmp_path / name, "--format", format, "--dataset", small)
    assert done.returncode == 0, done.stderr
    assert "80 answers to 40 images" in done.stdout
    back = tmp_path / "back.parquet"
    done = s2c2("annotations", "import", tmp_path / name, back, "--format", format, "--dataset", small)
    assert done.returncode == 0, done.stderr
    given = pl.read_csv(log).select("image", "label").rows()
    assert sorted(pl.read_parquet(back).select("image", "label").rows()) == sorted(given)


@pytest.mark.parametrize("format", ["csv", "label-studio", "crowd-kit", "dcic"])
def test_a_log_may_name_images_in_another_form_of_unicode(
    format: str, small: Path, s2c2: Command, tmp_path: Path
) -> None:
    nfc, nfd = "é.png", "e\u0301.png"
    for folder, name in (("ours", nfc), ("theirs", nfd)):
        (tmp_path / folder / "images").mkdir(parents=True)
        shutil.copy(small / "images" / dataset.read(small).images[0], tmp_path / folder / "images" / name)
        (tmp_path / folder / "dataset.yaml").write_text("name: pets\nclasses: [cat, dog]\n")
    answers = "image,annotator,label\n{},ann,cat\n"
    (tmp_path / "log.csv").write_text(answers.format(nfd), encoding="utf-8")
    other, back = tmp_path / f"other{'.csv' if format in ('csv', 'crowd-kit') else ''}", tmp_path / "back.csv"
    of = ("--format", format, "--dataset")
    done = s2c2("annotations", "export", tmp_path / "log.csv", other, *of, tmp_path / "ours")
    assert done.returncode == 0, done.stderr
    done = s2c2("annotations", "import", other, back, *of, tmp_path / "theirs")
    assert done.returncode == 0, done.stderr
    assert pl.read_csv(back).select("image", "label").rows() == [(nfd, "cat")]


def test_agreement_on_screen_and_as_a_page(log: Path, small: Path, s2c2: Command, tmp_path: Path) -> None:
    done = s2c2(
        "annotations", "agreement", log, "--truth", small, "--out", tmp_path / "out", "--repeats", "20"
    )
    assert done.returncode == 0, done.stderr
    assert "by annotator" in done.stdout
    assert "bob" in done.stdout
    record = json.loads((tmp_path / "out/agreement.json").read_text())
    assert record["arms"][0]["hundred"] == pytest.approx(2.5)
    assert record["arms"][0]["arm"]["inter"]["value"] < 1
    assert "note" not in done.stdout


def test_answers_are_pooled_with_a_run(log: Path, small: Path, s2c2: Command, tmp_path: Path) -> None:
    done = s2c2("train", small, "--out", tmp_path / "run", *QUICK)
    assert done.returncode == 0, done.stderr
    given = ("annotations", "agreement", log, "--predictions", tmp_path / "run", "--repeats", "5")
    done = s2c2(*given, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    shown = " ".join(done.stdout.split())
    assert "what is known beforehand counts as" in shown
    said = Predictions.read(tmp_path / "run" / "predictions.parquet").named(dataset.read(small).images[:40])
    assert f"the run was trained on labels of {said.splits.count('labeled')} of 40 images" in shown
    assert "pooled" in pl.read_parquet(tmp_path / "out/soft-labels.parquet").columns
    twice = s2c2(*given[:3], log, *given[3:])
    assert twice.returncode == 0, twice.stderr
    done = s2c2(*given[:3], "--predictions", tmp_path / "nothing")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_predictions_are_no_log(log: Path, small: Path, s2c2: Command, tmp_path: Path) -> None:
    found = dataset.read(small)
    n, k = len(found.images), len(found.classes)
    shares = np.full((n, k), 1 / k, dtype=np.float32)
    made = Predictions(found.classes, found.images, ("",) * n, shares, np.zeros((n, 1), dtype=np.float32))
    named = tmp_path / "predictions.parquet"
    made.write(named)
    for command in (
        ("agreement", named),
        ("agreement", log, named),
        ("export", named, tmp_path / "x.csv", "--format", "csv"),
    ):
        done = s2c2("annotations", *command)
        assert done.returncode == 2, command
        assert f"{named} holds predictions, not answers" in done.stderr
        assert "--predictions RUN" in done.stderr
        assert not done.stdout
    assert not (tmp_path / "x.csv").exists()


def test_a_file_in_the_place_of_the_report_is_said_first(log: Path, s2c2: Command, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    done = s2c2("annotations", "agreement", log, "--out", tmp_path / "file")
    assert done.returncode == 2
    assert "is a file: choose another --out" in done.stderr
    assert not done.stdout


def test_images_that_the_truth_does_not_know_are_counted(
    log: Path, small: Path, s2c2: Command, tmp_path: Path
) -> None:
    answers = pl.read_csv(log)
    moved = pl.when(pl.col("image") == answers["image"][0]).then(pl.lit("x.png")).otherwise(pl.col("image"))
    answers.with_columns(moved.alias("image")).write_csv(tmp_path / "log.csv")
    done = s2c2("annotations", "agreement", tmp_path / "log.csv", "--truth", small, "--repeats", "5")
    assert done.returncode == 0, done.stderr
    assert "note: 1 of 40 images are not in" in done.stdout
    assert "knows no label" not in done.stdout


def test_paths_of_a_table_are_matched_with_the_images_of_a_dataset(
    small: Path, s2c2: Command, tmp_path: Path
) -> None:
    first, second, third = dataset.read(small).images[:3]
    places = [f"images/{first}", f"C:\\photos\\{second}", third, "other.png"]
    table = pl.DataFrame({"image": places, "label": [dataset.read(small).classes[0]] * 4})
    table.write_csv(tmp_path / "paths.csv")
    given = ("--format", "csv", "--dataset", small)
    done = s2c2("annotations", "import", tmp_path / "paths.csv", tmp_path / "log.csv", *given)
    assert done.returncode == 0, done.stderr
    assert pl.read_csv(tmp_path / "log.csv")["image"].to_list() == [first, second, third, "other.png"]
    assert f"note: 1 of 4 images are not in {small}, such as 'other.png'" in " ".join(done.stdout.split())


def test_an_import_says_what_it_took_and_what_it_left(s2c2: Command, tmp_path: Path) -> None:
    task = {"data": {"title": "a cat", "photo": "a.png"}, "annotations": []}
    (tmp_path / "tasks.json").write_text(json.dumps([task | {"annotations": [{"result": []}]}]))
    done = s2c2(
        "annotations", "import", tmp_path / "tasks.json", tmp_path / "a.csv", "--format", "label-studio"
    )
    assert done.returncode == 0, done.stderr
    assert "note: images are taken from 'photo'" in done.stdout
    (tmp_path / "log.csv").write_text("image,label,weather\na.png,cat,sun\n")
    done = s2c2("annotations", "import", tmp_path / "log.csv", tmp_path / "b.csv", "--format", "csv")
    assert done.returncode == 0, done.stderr
    assert "are ignored: weather" in " ".join(done.stdout.split())


ANNOTATED = """
import sys
from s2c2.web.acts import Act
from s2c2.web.start import Start, StartGroup
from s2c2.web.store import Store
group = StartGroup("class-0", "class", "cat", (0, 1), (0.9, 0.1), 0.1, 0.5, (1.0, 0.5), (False, False))
store = Store.open(sys.argv[1])
store.begin(Start(("a.png", "b.png"), ("cat", "dog"), {"ssl": (group,)}))
act = Act(
    key="k" * 8, name="label", scope="shared/1/ssl", group="class-0", version=0, images=(0, 1), label=1,
    distribution=None, target=None, parts=None, target_seq=None, selected=2, shown=None, active=3.0,
    wall=4.0, at="2026-11-24T10:00:00Z", tab="t",
)
store.append("ann", act, lambda reader: None, "2026-11-24T10:00:01Z")
"""
"""Makes a database in which one person labeled two images at once."""


def test_the_log_of_a_database(s2c2: Command, tmp_path: Path) -> None:
    command = [sys.executable, "-c", ANNOTATED, "sqlite:///annotations.sqlite"]
    subprocess.run(command, cwd=tmp_path, check=True)
    done = s2c2("annotations", "export", tmp_path, tmp_path / "out.csv", "--format", "csv")
    assert done.returncode == 0, done.stderr
    found = pl.read_csv(tmp_path / "out.csv")
    assert found.select("image", "label", "annotator", "seconds").rows() == [
        ("a.png", "dog", "ann", 1.5),
        ("b.png", "dog", "ann", 1.5),
    ]


def test_the_acts_of_a_database(log: Path, s2c2: Command, tmp_path: Path) -> None:
    """One row for the act on two images; its time is whole, and a table of answers has no acts."""
    command = [sys.executable, "-c", ANNOTATED, "sqlite:///annotations.sqlite"]
    subprocess.run(command, cwd=tmp_path, check=True)
    for dest in (tmp_path / "acts.csv", tmp_path / "acts.parquet"):
        done = s2c2("annotations", "export", tmp_path, dest, "--format", dest.suffix[1:], "--acts")
        assert done.returncode == 0, done.stderr
        assert done.stdout.endswith(f"{dest.name}: 1 acts\n")
    found = pl.read_csv(tmp_path / "acts.csv")
    assert found.select("annotator", "act", "group", "images", "active", "wall", "live").rows() == [
        ("ann", "label", "class-0", 2, 3.0, 4.0, True)
    ]
    assert found.select("client_time", "server_time").rows() == [
        ("2026-11-24T10:00:00Z", "2026-11-24T10:00:01Z")
    ]
    assert pl.read_parquet(tmp_path / "acts.parquet").rows() == found.rows()
    for source, format, said in (
        (log, "csv", "has answers, not acts"),
        (tmp_path, "dcic", "--format csv or parquet, not dcic"),
    ):
        done = s2c2("annotations", "export", source, tmp_path / "none.csv", "--format", format, "--acts")
        assert done.returncode == 2
        assert said in " ".join(done.stderr.split())


def test_the_log_of_a_team(s2c2: Command, tmp_path: Path, postgres: str) -> None:
    done = s2c2("annotations", "agreement", postgres)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert "is empty: nothing was annotated in it" in done.stderr
    subprocess.run([sys.executable, "-c", ANNOTATED, postgres], check=True)
    done = s2c2("annotations", "export", postgres, tmp_path / "out.csv", "--format", "csv")
    assert done.returncode == 0, done.stderr
    assert pl.read_csv(tmp_path / "out.csv")["label"].to_list() == ["dog", "dog"]
    with_password = postgres.replace("s2c2@", "s2c2:secret@", 1)
    done = s2c2("annotations", "agreement", with_password, "--out", tmp_path / "page", "--repeats", "5")
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "page/agreement.html").read_text()
    assert "postgresql://s2c2:***@" in page
    assert "secret" not in page


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("export", "LOG", "x.csv", "--format", "label-studios"), "did you mean 'label-studio'"),
        (("export", "LOG", "x", "--format", "csv"), "call it x.csv"),
        (("export", "none.csv", "x.csv", "--format", "csv"), "none.csv"),
        (("export", "LOG", "x.csv", "--format", "csv", "--arm", "nonne"), "did you mean 'none'"),
        (("export", ".", "x.csv", "--format", "csv"), "has no annotations.sqlite"),
        (("import", "LOG", "x.txt", "--format", "csv"), "must end in .parquet or .csv"),
        (("import", "LOG", "x.csv", "--format", "crowd-kit"), "lacks the column 'task'"),
        (("agreement", "nothing.sqlite"), "no file nothing.sqlite"),
        (("agreement", "mysql://me@host/db"), "database 'mysql' is not supported"),
    ],
)
def test_mistakes_are_one_line(
    arguments: tuple[str, ...], sentence: str, log: Path, s2c2: Command, tmp_path: Path
) -> None:
    done = s2c2("annotations", *(log if one == "LOG" else one for one in arguments), cwd=tmp_path)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert sentence in done.stderr
    assert not list(tmp_path.iterdir())


def test_the_loop_closes(log: Path, small: Path, s2c2: Command, tmp_path: Path) -> None:
    first, second = tmp_path / "before", tmp_path / "after"
    done = s2c2("train", small, "--out", first, *QUICK)
    assert done.returncode == 0, done.stderr
    done = s2c2("train", small, "--out", second, "--annotations", log, "--replace-annotations", *QUICK)
    assert done.returncode == 0, done.stderr
    assert "80 answers of 2 annotators to 40 images" in done.stdout
    splits = [dict(pl.read_csv(run / "splits.csv").iter_rows()) for run in (first, second)]
    answered = set(pl.read_csv(log)["image"])
    for image, split in splits[0].items():
        moved = split == "unlabeled" and image in answered
        assert splits[1][image] == ("labeled" if moved else split)
    record = json.loads((second / "relabeling.json").read_text())
    assert (record["answers"], record["images"], record["rounds"], record["replaced"]) == (80, 40, [1], True)
    learned = pl.read_parquet(second / "annotations.parquet").filter(pl.col("image").is_in(list(answered)))
    assert set(learned["annotator"]) == {"ann", "bob"}
    assert s2c2("evaluate", second).returncode == 0
    done = s2c2("report", second, "--before", first)
    assert done.returncode == 0, done.stderr
    assert "Before and after relabeling" in (second / "report.html").read_text()


def test_resume_wants_the_same_log(log: Path, small: Path, s2c2: Command, tmp_path: Path) -> None:
    run, again = tmp_path / "run", ("--resume", *QUICK)
    assert s2c2("train", small, "--out", run, "--annotations", log, *QUICK).returncode == 0
    (run / "predictions.parquet").unlink()
    rows = pl.read_csv(log).head(-1)
    rows.write_csv(tmp_path / "other.csv")
    done = s2c2("train", small, "--out", run, "--annotations", tmp_path / "other.csv", *again)
    assert done.returncode == 2
    assert "started with another annotation log: answers 80 → 79, digest" in done.stderr
    done = s2c2("train", small, "--out", run, *again)
    assert "was started with an annotation log" in done.stderr
    done = s2c2("train", small, "--out", run, "--annotations", log, *again)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ("image,label\n0.pgn,disc\n", "unknown image '0.pgn': did you mean"),
        ("image,label\n0.png,dsic\n", "did you mean 'disc'"),
        ("image,label\n", "holds no answer"),
        ("image\n0.png\n", "neither 'label' nor 'distribution'"),
    ],
)
def test_logs_that_cannot_be_learned_from(
    rows: str, sentence: str, small: Path, s2c2: Command, tmp_path: Path
) -> None:
    (tmp_path / "log.csv").write_text(rows)
    done = s2c2("train", small, "--out", tmp_path / "run", "--annotations", tmp_path / "log.csv", *QUICK)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert sentence in done.stderr
    assert not (tmp_path / "run").exists()


def test_votes_are_learned_and_what_is_ignored_is_named(small: Path, s2c2: Command, tmp_path: Path) -> None:
    found = dataset.read(small)
    image, (first, second) = found.images[0], found.classes[:2]
    lines = ["image,annotator,label,votes,weather", f"{image},,{first},17,sun", f"{image},,{second},3,rain"]
    (tmp_path / "votes.csv").write_text("\n".join(lines))
    options = ("--annotations", tmp_path / "votes.csv", "--replace-annotations", "--out", tmp_path / "run")
    done = s2c2("train", small, *options, *QUICK)
    assert done.returncode == 0, done.stderr
    assert "with 20 answers of unnamed people to 1 images" in done.stdout
    assert "votes.csv that are ignored: weather" in " ".join(done.stdout.split())
    learned = pl.read_parquet(tmp_path / "run/annotations.parquet").filter(pl.col("image") == image)
    counts = learned.group_by("label").agg(pl.col("votes").sum()).sort("votes")
    assert counts.rows() == [(second, 3), (first, 17)]


@pytest.mark.parametrize(("format", "name"), [("crowd-kit", "out.csv"), ("cleanlab", "out")])
def test_an_export_says_what_it_holds(format: str, name: str, s2c2: Command, tmp_path: Path) -> None:
    rows = [("a.png", who, turn, "cat") for who in ("ann", "bob") for turn in (1, 2)]
    table = pl.DataFrame(rows, schema=["image", "annotator", "round", "label"], orient="row")
    table.write_csv(tmp_path / "log.csv")
    done = s2c2("annotations", "export", tmp_path / "log.csv", tmp_path / name, "--format", format)
    assert done.returncode == 0, done.stderr
    assert "2 of 4 answers to 1 images" in " ".join(done.stdout.split())
