import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Collection
from importlib.metadata import version
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import yaml
from PIL import Image

from s2c2.cli.runs import obeying
from s2c2.config import PRESETS
from s2c2.data.formats import FORMATS
from s2c2.data.logs import EXPORTERS, IMPORTERS
from s2c2.data.synthetic import synthetic
from tests.cli.conftest import QUICK, Command
from tests.cli.dead import killed
from tests.until import until


@pytest.fixture(scope="module")
def pair(small: Path, s2c2: Command, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A finished S2C2 run and its vanilla partner."""
    root = tmp_path_factory.mktemp("runs")
    for name, flags in (("s2c2", ()), ("vanilla", ("--vanilla",))):
        done = s2c2("train", small, "--out", root / name, *flags, *QUICK)
        assert done.returncode == 0, done.stderr
    return root / "s2c2", root / "vanilla"


def test_the_whole_way(pair: tuple[Path, Path], s2c2: Command) -> None:
    run, vanilla = pair
    done = s2c2("evaluate", run, "--against", vanilla)
    assert done.returncode == 0, done.stderr
    assert "at equal coverage" in done.stdout
    scores = json.loads((run / "scores.json").read_text())
    assert scores["scores"]["images"] == 32
    assert set(scores) == {"scores", "against", "comparison"}
    done = s2c2("propose", run)
    assert done.returncode == 0
    assert "next: s2c2 annotate" in done.stdout
    proposed = pl.read_parquet(run / "proposals.parquet")
    assert proposed["image"].n_unique() == len(proposed) == 160
    done = s2c2("report", run, vanilla)
    assert done.returncode == 0, done.stderr
    assert (run / "report.html").stat().st_size > 10_000


def test_a_run_without_validation_goes_on_to_proposals(small: Path, s2c2: Command, tmp_path: Path) -> None:
    done = s2c2("train", small, "--out", tmp_path / "run", *QUICK, "data.validation=0")
    assert done.returncode == 0, done.stderr
    assert f"next: s2c2 propose {tmp_path / 'run'}" in done.stdout


def test_losses_hold_one_line_a_step(pair: tuple[Path, Path]) -> None:
    lines = [json.loads(line) for line in (pair[0] / "losses.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == list(range(1, 13))
    names = {"labeled", "unlabeled", "ambiguity", "separation", "similarity"}
    for line in lines:
        assert line["total"] == pytest.approx(sum(line[name] for name in names), rel=1e-5)


def test_labels_are_drawn_from_annotations(pair: tuple[Path, Path], small: Path) -> None:
    drawn = pl.read_csv(pair[0] / "labels.csv")
    given = pl.read_parquet(small / "annotations.parquet")
    assert len(drawn) == 48
    assert drawn.join(given, on=["image", "label"], how="anti").is_empty()


def test_a_run_knows_its_dataset_from_where_it_lies(pair: tuple[Path, Path], small: Path) -> None:
    facts = json.loads((pair[0] / "dataset.json").read_text())
    assert (pair[0] / facts["relative"]).resolve() == Path(facts["root"]) == small.resolve()


def test_predict_a_folder_of_images(
    pair: tuple[Path, Path], small: Path, s2c2: Command, tmp_path: Path
) -> None:
    done = s2c2("predict", pair[0], small / "images", "--out", tmp_path / "p.parquet")
    assert done.returncode == 0, done.stderr
    ours = pl.read_parquet(tmp_path / "p.parquet").sort("image")
    theirs = pl.read_parquet(pair[0] / "predictions.parquet").sort("image")
    assert ours["class"].to_list() == theirs["class"].to_list()
    assert ours["ambiguity"].to_list() == pytest.approx(theirs["ambiguity"].to_list(), abs=0.02)


def test_predictions_as_a_csv(pair: tuple[Path, Path], small: Path, s2c2: Command, tmp_path: Path) -> None:
    stored = pl.read_parquet(pair[0] / "predictions.parquet")
    for source in ((), (small,)):
        done = s2c2("predict", pair[0], *source, "--out", tmp_path / "p.csv")
        assert done.returncode == 0, done.stderr
        table = pl.read_csv(tmp_path / "p.csv")
        assert sorted(table["image"]) == sorted(stored["image"])
        shares = table.select(pl.selectors.starts_with("p_"))
        assert shares.sum_horizontal().to_list() == pytest.approx([1.0] * len(table), abs=1e-4)


def test_nothing_of_somebody_else_is_overwritten(
    pair: tuple[Path, Path], small: Path, s2c2: Command, tmp_path: Path
) -> None:
    votes, notes = "image,label,votes\na.png,cat,3\n", "<!doctype html>\n<title>mine</title>\n"
    (tmp_path / "votes.csv").write_text(votes)
    (tmp_path / "notes.html").write_text(notes)
    cases = [
        (("predict", pair[0], "--out", tmp_path / "votes.csv"), "votes.csv exists and holds no predictions"),
        (("predict", pair[0], small, "--out", tmp_path / "votes.csv"), "exists and holds no predictions"),
        (("predict", pair[0], "--out", tmp_path / "p.html"), "p.html must end in .parquet or .csv"),
        (("report", pair[0], "--out", tmp_path / "votes.csv"), "votes.csv must end in .html or .htm"),
        (("report", pair[0], "--out", tmp_path / "notes.html"), "exists and holds no report of s2c2"),
    ]
    for arguments, expected in cases:
        done = s2c2(*arguments)
        assert (done.returncode, len(done.stderr.splitlines())) == (2, 1), (arguments, done.stderr)
        assert expected in done.stderr
    assert (tmp_path / "votes.csv").read_text() == votes
    assert (tmp_path / "notes.html").read_text() == notes
    assert len(list(tmp_path.iterdir())) == 2
    for arguments in (
        ("predict", pair[0], "--out", tmp_path / "p.csv"),
        ("predict", pair[0], "--out", tmp_path / "p.parquet"),
        ("report", pair[0], "--out", tmp_path / "own.html"),
    ):
        for _ in range(2):
            assert s2c2(*arguments).returncode == 0
    page = tmp_path / "own.html"
    older = page.read_text().replace('<meta name="generator" content="s2c2">\n', "")
    page.write_text(older)
    assert s2c2("report", pair[0], "--out", page).returncode == 0
    assert page.read_text() != older


def test_a_stopped_run_goes_on_bit_for_bit(
    pair: tuple[Path, Path], small: Path, s2c2: Command, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    code = "from s2c2.cli import main; main()"
    command = [sys.executable, "-c", code, "train", str(small), "--out", str(out), *QUICK, "train.steps=4000"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    until(lambda: list(out.glob("checkpoints/*")), "a checkpoint", process)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=250)
    assert process.returncode == 130
    lines = (out / "losses.jsonl").read_text().splitlines()
    assert len(lines) == json.loads(lines[-1])["step"]
    refused = s2c2("train", small, "--out", out, *QUICK)
    assert refused.returncode == 2
    assert "--resume" in refused.stderr


def test_a_killed_run_equals_an_undisturbed_one(
    pair: tuple[Path, Path], small: Path, s2c2: Command, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    killed(7, "train", small, "--out", out, *QUICK)
    resumed = s2c2("train", small, "--out", out, *QUICK, "--resume")
    assert resumed.returncode == 0, resumed.stderr
    for name in ("losses.jsonl", "predictions.parquet", "checkpoints/00000012.safetensors"):
        assert (out / name).read_bytes() == (pair[0] / name).read_bytes(), name


def test_sigterm_asks_to_be_resumed_and_damage_is_said(small: Path, s2c2: Command, tmp_path: Path) -> None:
    out = tmp_path / "run"
    code = "from s2c2.cli import main; main()"
    command = [sys.executable, "-c", code, "train", str(small), "--out", str(out), *QUICK, "train.steps=4000"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    until(lambda: list(out.glob("checkpoints/*0.safetensors")), "a tenth step", process)
    process.send_signal(signal.SIGTERM)
    said = process.communicate(timeout=250)[0]
    assert process.returncode == 75
    again = shlex.join(
        ["s2c2", "train", str(small), "--out", str(out), *QUICK, "train.steps=4000", "--resume"]
    )
    assert again in said
    kept = int(max((out / "checkpoints").iterdir()).stem)
    assert f"a checkpoint of step {kept};" in said
    assert len((out / "losses.jsonl").read_text().splitlines()) == kept
    assert "160 images of synthetic shapes at 16 px, 4000 steps; " in said
    for whole in (out / "checkpoints").iterdir():
        whole.write_bytes(whole.read_bytes()[:1000])
    resumed = s2c2("train", small, "--out", out, *QUICK, "train.steps=4000", "--resume")
    assert resumed.returncode == 2
    assert "is damaged" in resumed.stderr
    assert "train anew into another folder" in resumed.stderr
    unfinished = s2c2("evaluate", out)
    assert "--resume" in unfinished.stderr


def test_broken_images_are_left_out_of_a_prediction_on_request(
    pair: tuple[Path, Path], small: Path, s2c2: Command, tmp_path: Path
) -> None:
    folder = tmp_path / "new"
    shutil.copytree(small / "images", folder)
    (folder / "broken.png").write_bytes(b"no image")
    out = tmp_path / "p.parquet"
    refused = s2c2("predict", pair[0], folder, "--out", out)
    assert refused.returncode == 2
    assert "--skip-broken" in refused.stderr
    assert not out.exists()
    done = s2c2("predict", pair[0], folder, "--out", out, "--skip-broken")
    assert done.returncode == 0, done.stderr
    assert "left out: " in done.stdout
    assert "broken.png" in done.stdout
    assert sorted(pl.read_parquet(out)["image"]) == sorted(path.name for path in (small / "images").iterdir())
    for path in (small / "images").iterdir():
        (folder / path.name).write_bytes(b"no image")
    nothing = s2c2("predict", pair[0], folder, "--out", out, "--skip-broken")
    assert nothing.returncode == 2
    assert "none of the images can be read: " in nothing.stderr
    assert "000.png: not an image" in nothing.stderr


def test_a_prediction_says_what_it_does_not_see(
    pair: tuple[Path, Path], s2c2: Command, tmp_path: Path
) -> None:
    values = np.random.default_rng(0).integers(0, 4096, (20, 20)).astype(np.uint16)
    image = Image.fromarray(values)
    (tmp_path / "new").mkdir()
    image.save(tmp_path / "new" / "dark.png")
    image.save(tmp_path / "new" / "stack.tif", save_all=True, append_images=[image])
    out = tmp_path / "p.parquet"
    done = s2c2("predict", pair[0], tmp_path / "new", "--out", out)
    assert done.returncode == 0, done.stderr
    assert "1 image(s) have several pages" in done.stdout
    assert "stack.tif (2 pages)" in done.stdout
    assert "2 image(s) are dark" in done.stdout
    folder = s2c2(
        "data", "import", tmp_path / "new", tmp_path / "set", "--format", "folders", "--classes", "a,b"
    )
    assert folder.returncode == 0, folder.stderr
    again = s2c2("predict", pair[0], tmp_path / "set", "--out", out)
    assert "1 image(s) have several pages" in again.stdout


LIMITED = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2)
sys.argv = ["s2c2", *sys.argv[2:]]
from s2c2.cli import main; main()
"""
"""The command line where no file may grow over a number of bytes, as on a full disk."""

FULL = {
    "checkpoint": (40_000, ("train", "SMALL", "--out", "new"), ("config.yaml", "losses.jsonl")),
    "run folder": (200, ("train", "SMALL", "--out", "new"), ()),
    "proposals": (3_000, ("propose", "RUN"), ()),
    "synthetic": (4_000, ("data", "synthetic", "new", "--images", "90"), ()),
}
"""Bytes a file may have, command, and what is there afterwards."""


@pytest.mark.parametrize("case", FULL)
def test_a_full_disk_is_one_clear_line(
    case: str, pair: tuple[Path, Path], small: Path, tmp_path: Path
) -> None:
    limit, arguments, left = FULL[case]
    named = {"SMALL": str(small), "RUN": str(pair[0])}
    extra = QUICK if arguments[0] == "train" else ()
    before = sorted(path.name for path in pair[0].iterdir())
    command = [sys.executable, "-c", LIMITED, str(limit), *(named.get(word, word) for word in arguments)]
    done = subprocess.run([*command, *extra], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 2, (done.stdout, done.stderr)
    assert "cannot write" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert (tmp_path / "new").exists() == bool(left)
    assert all((tmp_path / "new" / name).exists() for name in left)
    assert not list(tmp_path.rglob("*.partial"))
    assert sorted(path.name for path in pair[0].iterdir()) == before


def test_stopping_is_obeyed_while_images_are_read() -> None:
    seen: list[tuple[int, int]] = []
    asked: list[int] = []
    progress = obeying(asked, lambda done, total, remark: seen.append((done, total)))
    progress(1, 9)
    asked.append(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        progress(2, 9)
    assert seen == [(1, 9), (2, 9)]


def test_a_seed_below_zero_is_one_sentence(small: Path, s2c2: Command, tmp_path: Path) -> None:
    for command in (
        ("data", "synthetic", tmp_path / "d"),
        ("demo", "--out", tmp_path / "d"),
        ("train", small, "--out", tmp_path / "d"),
        ("experiment", "table2", "--dataset", small, "--out", tmp_path / "d", "seed=-1"),
    ):
        seed = () if command[0] == "experiment" else ("--seed", -1)
        done = s2c2(*command, *seed)
        assert done.returncode == 2, command
        assert "seed" in done.stderr
        assert "Traceback" not in done.stderr
    assert not (tmp_path / "d").exists()


def test_synthetic_images_are_as_asked_for(s2c2: Command, tmp_path: Path) -> None:
    options = ("--images", 60, "--classes", 3, "--size", 16, "--votes", 4, "--ambiguous", 0.5)
    done = s2c2("data", "synthetic", tmp_path / "d", *options)
    assert done.returncode == 0, done.stderr
    votes = pl.read_parquet(tmp_path / "d" / "annotations.parquet")
    assert votes["votes"].sum() == 60 * 4
    assert votes["label"].n_unique() == 3


def test_a_network_is_read_anew(pair: tuple[Path, Path], small: Path, s2c2: Command, tmp_path: Path) -> None:
    settings = ("views=2", "ambiguity=doubt", "clusters=prototypes", "prior=0.25")
    pairs = [part for setting in settings for part in ("--set", f"predict.{setting}")]
    done = s2c2("predict", pair[1], "--as", tmp_path / "anew", *pairs)
    assert done.returncode == 0, done.stderr
    frame = pl.read_parquet(tmp_path / "anew" / "predictions.parquet")
    pool = frame.filter(pl.col("split").is_in(["labeled", "unlabeled"]))
    assert (pool["ambiguity"] >= 0.5).mean() == pytest.approx(0.25, abs=0.01)
    assert frame["clusters"].n_unique() > 1
    against = s2c2("evaluate", tmp_path / "anew", "--against", pair[1])
    assert against.returncode == 0
    assert ("not a plain run" in against.stdout) == (pair[1].name != "vanilla")
    extended = s2c2("evaluate", tmp_path / "anew", "--against", pair[0])
    assert "s2c2 is mean-teacher + S2C2, not a plain run" in extended.stdout
    folder = s2c2("predict", tmp_path / "anew", small, "--out", tmp_path / "p.parquet")
    assert folder.returncode == 0, folder.stderr
    again = pl.read_parquet(tmp_path / "p.parquet")
    assert again["ambiguity"].to_list() == pytest.approx(frame["ambiguity"].to_list(), abs=1e-4)
    refused = s2c2("predict", pair[1], "--as", tmp_path / "other", "--set", "train.steps=3")
    assert refused.returncode == 2
    assert "predict.views" in refused.stderr
    refused = s2c2("predict", pair[1], "--set", "predict.views=2")
    assert refused.returncode == 2
    assert "--set needs --as RUN" in refused.stderr
    refused = s2c2("predict", pair[1], "--as", tmp_path / "other", "--set", "predict.clusters=prototypes")
    assert "predict.ambiguity=doubt" in refused.stderr
    assert not (tmp_path / "other").exists()


def test_what_a_prediction_would_not_heed_is_refused(
    pair: tuple[Path, Path], small: Path, s2c2: Command, tmp_path: Path
) -> None:
    anew = tmp_path / "anew"
    cases = [
        ((small, "--as", anew), f"--as reads the images of the run anew, not {small}"),
        (("--skip-broken",), "--skip-broken needs images to read"),
        (("--skip-broken", "--as", anew), "--skip-broken needs images to read"),
    ]
    for arguments, expected in cases:
        done = s2c2("predict", pair[0], *arguments)
        assert done.returncode == 2, arguments
        assert expected in done.stderr
    assert not anew.exists()


def test_a_network_without_a_checkpoint_is_not_copied(
    pair: tuple[Path, Path], s2c2: Command, tmp_path: Path
) -> None:
    run, anew = tmp_path / "run", tmp_path / "anew"
    shutil.copytree(pair[0], run)
    kept = run / "checkpoints" / "00000012.safetensors"
    whole = kept.read_bytes()
    for content, expected in ((b"x", f"checkpoint {kept} is damaged"), (None, f"in {run}/checkpoints")):
        shutil.rmtree(run / "checkpoints")
        kept.parent.mkdir()
        if content is not None:
            kept.write_bytes(content)
        done = s2c2("predict", run, "--as", anew, "--set", "predict.views=2")
        assert done.returncode == 2
        assert expected in done.stderr
        assert ".partial" not in done.stderr
    kept.write_bytes(whole)
    assert s2c2("predict", run, "--as", anew, "--set", "predict.views=2").returncode == 0


def test_a_run_is_not_read_or_scored_on_what_its_dataset_became(s2c2: Command, tmp_path: Path) -> None:
    data, run, other = tmp_path / "data", tmp_path / "run", tmp_path / "other"
    synthetic(data, images=80, size=16, classes=3)
    synthetic(tmp_path / "second", images=80, size=16, classes=3, seed=1)
    for dataset, out in ((data, run), (tmp_path / "second", other)):
        assert s2c2("train", dataset, "--out", out, *QUICK[:3], "data.labeled=20").returncode == 0
    for name in ("evaluate", "simulate"):
        refused = s2c2(name, run, "--against", other)
        assert refused.returncode == 2
        assert "are not of one dataset" in refused.stderr
    itself = s2c2("evaluate", run, "--against", run)
    assert "against itself" in itself.stderr
    anew = ("predict", run, "--as", tmp_path / "anew", "--set", "predict.clusters=prototypes")
    changed, description = next((data / "images").rglob("*.png")), data / "dataset.yaml"
    before, facts = changed.read_bytes(), yaml.safe_load(description.read_text())
    changed.unlink()
    assert "1 gone" in s2c2(*anew).stderr
    changed.write_bytes(before)
    description.write_text(yaml.safe_dump(facts | {"classes": facts["classes"][::-1]}))
    for command in (anew, ("evaluate", run)):
        refused = s2c2(*command)
        assert refused.returncode == 2
        assert "are not those that" in refused.stderr
    assert not (tmp_path / "anew").exists()


WRONG = {
    "unknown algorithm": (("--algorithm", "fixmach"), "did you mean 'fixmatch'?"),
    "unknown key": (("data.sise=3",), "did you mean 'data.size'?"),
    "unknown preset": (("--preset", "cpuu"), "did you mean 'cpu'?"),
    "unknown split": (("data.split=cifar10",), "did you mean 'cifar10h'?"),
    "wrong type": (("train.steps=many",), "train.steps = 'many'"),
    "no assignment": (("steps",), "is no assignment"),
    "missing file": (("-c", "nowhere.yaml"), "cannot read the configuration"),
    "key of no algorithm": (
        ("--algorithm", "fixmatch", "algorithm.treshold=0.5"),
        "did you mean 'algorithm.",
    ),
    "key of another": (("--algorithm", "fixmatch", "algorithm.consistency=5"), "'algorithm.consistency'"),
    "key that vanilla lacks": (("--vanilla", "objective.prior=0.5"), "unknown key 'objective.prior'"),
    "prototypes without ambiguity": (("--vanilla", "predict.clusters=prototypes"), "predict.ambiguity=doubt"),
    "two algorithms": (("--algorithm", "uda", "algorithm.name=fixmatch"), "algorithm.name is given twice"),
    "two objectives": (("--vanilla", "objective.name=s2c2"), "objective.name is given twice"),
    "too many images": (("data.labeled=900",), "labeled"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_settings_are_one_clear_line(case: str, small: Path, s2c2: Command, tmp_path: Path) -> None:
    arguments, expected = WRONG[case]
    done = s2c2("train", small, "--out", tmp_path / "run", *arguments)
    assert done.returncode == 2
    assert expected in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "run").exists()


def test_keys_of_a_chosen_algorithm_are_taken(small: Path, s2c2: Command, tmp_path: Path) -> None:
    chosen = ("--algorithm", "fixmatch", "algorithm.threshold=0.5")
    done = s2c2("train", small, "--out", tmp_path / "run", *chosen, *QUICK)
    assert done.returncode == 0, done.stderr
    kept = yaml.safe_load((tmp_path / "run" / "config.yaml").read_text())
    assert (kept["algorithm"]["name"], kept["algorithm"]["threshold"]) == ("fixmatch", 0.5)


def test_every_mistake_is_named_at_once(small: Path, s2c2: Command, tmp_path: Path) -> None:
    done = s2c2("train", small, "--out", tmp_path / "run", "sed=1", "data.sise=3", "objective.prior=2.0")
    assert len(done.stderr.splitlines()) == 3


def test_wrong_folders_are_one_clear_line(small: Path, s2c2: Command, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "a.png").write_bytes(b"x")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").write_text("mine")
    cases = [
        (("train", tmp_path / "nowhere", "--out", tmp_path / "run"), "nowhere"),
        (("train", tmp_path / "plain", "--out", tmp_path / "run"), "s2c2 data import"),
        (("train", small, "--out", tmp_path / "full", *QUICK), "is not a run folder"),
        (("evaluate", tmp_path / "plain"), "is no run folder"),
        (("evaluate", tmp_path / "nowhere"), "s2c2 train DATASET --out"),
        (("propose", tmp_path / "plain"), "is no run folder"),
        (("predict", tmp_path / "nowhere"), "s2c2 train DATASET --out"),
        (("report", tmp_path / "plain"), "plain"),
        (("predict", tmp_path / "plain", tmp_path), "is no run folder"),
        (
            ("data", "import", tmp_path / "plain", tmp_path / "d", "--format", "foldrs"),
            "did you mean 'folders'?",
        ),
        (("data", "check", tmp_path / "plain"), "dataset.yaml"),
    ]
    for arguments, expected in cases:
        done = s2c2(*arguments)
        assert done.returncode == 2, (arguments, done.stdout, done.stderr)
        assert expected in done.stderr
        assert "Traceback" not in done.stderr
    assert (tmp_path / "full" / "notes.txt").read_text() == "mine"


def test_a_finished_run_is_left_as_it_is(pair: tuple[Path, Path], small: Path, s2c2: Command) -> None:
    def files() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in pair[0].rglob("*") if path.is_file()}

    before = files()
    anew = s2c2("train", small, "--out", pair[0], *QUICK)
    assert anew.returncode == 2
    assert f"{pair[0]} holds a finished run: choose another --out" in anew.stderr
    longer = s2c2("train", small, "--out", pair[0], *QUICK, "train.steps=24", "--resume")
    assert longer.returncode == 2
    assert "holds a finished run: choose another --out" in longer.stderr
    assert "was started with another configuration: train.steps 12 → 24" in longer.stderr
    again = s2c2("train", small, "--out", pair[0], *QUICK, "--resume")
    assert again.returncode == 0, again.stderr
    assert f"{pair[0]} is finished: 12 steps, predictions for 160 images" in again.stdout
    assert f"next: s2c2 evaluate {pair[0]}" in again.stdout
    assert files() == before


@pytest.mark.parametrize("command", ["train", "experiment", "config show"])
def test_help_names_every_preset(s2c2: Command, command: str) -> None:
    shown = s2c2(*command.split(), "--help").stdout
    assert [name for name in PRESETS if name not in shown] == []


@pytest.mark.parametrize(
    ("command", "possible"),
    [
        ("data import", FORMATS),
        ("annotations import", IMPORTERS),
        ("annotations export", EXPORTERS),
        ("annotations export --acts", ("csv", "parquet")),
    ],
)
def test_a_missing_format_and_the_help_name_those_there_are(
    command: str, possible: Collection[str], s2c2: Command, tmp_path: Path
) -> None:
    done = s2c2(*command.split(), tmp_path / "here.csv", tmp_path / "there.csv")
    assert done.returncode == 2
    assert done.stderr == f"s2c2: --format is missing. Possible: {', '.join(possible)}\n"
    shown = " ".join(s2c2(*command.split(), "--help").stdout.split())
    assert [name for name in possible if name not in shown] == []


def test_help_names_every_command(s2c2: Command) -> None:
    done = s2c2("--help")
    for command in ("train", "predict", "evaluate", "propose", "report", "demo", "data", "config"):
        assert command in done.stdout


def test_the_version_is_shown(s2c2: Command) -> None:
    done = s2c2("--version")
    assert (done.returncode, done.stdout) == (0, f"s2c2 {version('s2c2')}\n")


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
def test_letters_that_the_output_lacks_are_question_marks(encoding: str, small: Path, tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}

    def call(*words: object) -> str:
        command = [sys.executable, "-m", "s2c2", *map(str, words)]
        done = subprocess.run(command, capture_output=True, env=environment, check=True)
        return done.stdout.decode(encoding)

    assert "?" in call("simulate", "--help")
    if encoding == "latin-1":
        said = call("train", small, "--out", tmp_path / "run", *QUICK)
        assert f"seed 0 ? {tmp_path}" in said


def test_configuration_is_shown_and_described(s2c2: Command) -> None:
    assert "depth: 10" in s2c2("config", "show").stdout
    schema = json.loads(s2c2("config", "schema").stdout)
    assert "algorithm" in schema["properties"]
    assert "p_A" in json.dumps(schema, ensure_ascii=False)
