import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from s2c2.data import dataset
from tests.cli.conftest import Command


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


ANNOTATED = """
import sys
from s2c2.web.acts import Act
from s2c2.web.start import Start, StartGroup
from s2c2.web.store import Store
group = StartGroup("class-0", "class", "cat", (0, 1), (0.9, 0.1), 0.1, 0.5, (1.0, 0.5), (False, False))
store = Store.open("sqlite:///annotations.sqlite")
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
    subprocess.run([sys.executable, "-c", ANNOTATED], cwd=tmp_path, check=True)
    done = s2c2("annotations", "export", tmp_path, tmp_path / "out.csv", "--format", "csv")
    assert done.returncode == 0, done.stderr
    found = pl.read_csv(tmp_path / "out.csv")
    assert found.select("image", "label", "annotator", "seconds").rows() == [
        ("a.png", "dog", "ann", 1.5),
        ("b.png", "dog", "ann", 1.5),
    ]


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
