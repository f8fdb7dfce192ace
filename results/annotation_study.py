"""Rebuild the study of scripted annotators: the app itself, driven in a browser, on CIFAR-10H.

``python results/annotation_study.py RUN VANILLA_RUN DATASET WORK`` serves RUN for each annotator of
``results/annotation_study/study.yaml``, lets ``results/scripted_annotator.py`` answer all their boards, and
writes the log and the record in ``results/annotation_study``. WORK keeps the database. ``DATASET WORK``
alone reads the database in WORK as it is, ``DATASET`` alone the log that is kept; ``--trained AFTER BEFORE``
keeps what a run on the log changed.
The tables, and the parts of ``docs/howto/study.md`` that show them, follow from the records: without
arguments only they are written.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from s2c2 import files
from s2c2.experiments.records import placed
from s2c2.report.consistency import COLUMNS as HEADINGS
from s2c2.report.consistency import SCORES
from s2c2.report.study.rendering import as_csv, as_markdown, markdown
from s2c2.report.study.sheets import Sheet

PLACE = Path(__file__).parent / "annotation_study"
PAGE = Path(__file__).resolve().parents[1] / "docs" / "howto" / "study.md"
TITLE = "Scripted annotators at the app: CIFAR-10H"
SETTINGS = {"seed": 0, "offset": 0.2, "key": 0.2, "click": 0.9, "glance": 0.35, "look": 1.2}
"""The simulated people: default effect δ, and seconds for a key, a click, a look in a grid, a look alone."""
COLUMNS = (
    *("image", "annotator", "round", "arm", "label", "kind", "proposal", "strength", "shown", "hidden"),
    *("group", "group_kind", "selected", "seconds", "live"),
)
"""Columns of the log that is kept: no times of day, no keys of acts."""
SHARES = ("accepted", "chosen when hidden", "δ", "δ of the control")
"""Headings of what the arms show of proposals."""
PROGRAM = [sys.executable, "-c", "from s2c2.cli import main; main()"]
DIVERGENCES = dict(zip(SCORES[-4:], HEADINGS[-4:], strict=True))
"""How far the labels of an arm are from the truth, and the headings."""


def contents() -> dict[Path, str]:
    """Return what follows from the committed record, by the file that holds it."""
    record = files.read_json(PLACE / "summary.json")
    shown = [agreement(record), work(record), persons(record), *trained()]
    tables = {PLACE / f"{sheet.name}.csv": as_csv(sheet) for sheet in shown}
    page = PAGE.read_text(encoding="utf-8")
    for sheet in shown:
        page = placed(page, markdown(sheet), sheet.name)
    return tables | {PLACE / "summary.md": as_markdown(TITLE, shown), PAGE: page}


def agreement(record: dict[str, Any]) -> Sheet:
    """Return the table of agreement and label quality by arm."""
    rows = []
    for line in record["arms"]:
        arm = line["arm"]
        kappas = (_kappa(arm["intra"]), _kappa(arm["inter"]), arm["alpha"])
        rows.append((arm["name"], *kappas, *(arm[name] for name in DIVERGENCES)))
    heads = ("arm", "κ intra", "κ inter", "α", *DIVERGENCES.values())
    return Sheet("agreement", "Agreement and label quality", heads, tuple(rows))


def work(record: dict[str, Any]) -> Sheet:
    """Return the table of time and proposals by arm."""
    rows = []
    for line in record["arms"]:
        arm, control = line["arm"], line["control"]
        times = (arm["minutes"], line["hundred"], round(6000 / line["hundred"]))
        shares = (control["accepted"], control["chosen"], arm["offset"], control["offset"])
        rows.append((arm["name"], *times, *shares))
    heads = ("arm", "minutes", "minutes / 100", "images an hour", *SHARES)
    return Sheet("work", "Time and proposals", heads, tuple(rows))


def persons(record: dict[str, Any]) -> Sheet:
    """Return the table of each annotator in each arm."""
    rows = []
    for line in record["each"]:
        arm = line["arm"]
        kappas = (_kappa(arm["intra"]), _kappa(arm["inter"]))
        rows.append((line["annotator"], arm["name"], *kappas, line["hundred"], round(6000 / line["hundred"])))
    heads = ("annotator", "arm", "κ intra", "κ with the others", "minutes / 100", "images an hour")
    return Sheet("persons", "Each annotator", heads, tuple(rows))


def trained() -> list[Sheet]:
    """Return the tables of a run on the log: what ``s2c2 report AFTER --before BEFORE`` says."""
    record = files.read_json(PLACE / "trained.json")
    return [
        Sheet(f"trained-{name}", one["title"], tuple(one["columns"]), tuple(map(tuple, one["rows"])))
        for name, one in record.items()
    ]


def keep_trained(after: Path, before: Path) -> None:
    """Keep the tables of a run before the study and one that was trained on its log."""
    from s2c2.report.relabeled import changes
    from s2c2.runs import open_run

    found = changes(open_run(after), open_run(before))
    record = {one.name: {"title": one.title, "columns": one.columns, "rows": one.rows} for one in found}
    text = json.dumps(files.finite(record), indent=2, ensure_ascii=False)
    files.write_text(PLACE / "trained.json", text + "\n")


def _kappa(value: dict[str, Any]) -> str:
    low, high = value["interval"]["low"], value["interval"]["high"]
    return f"{value['value']:.3f} [{low:.3f}, {high:.3f}]"


def keep_record(dataset: Path) -> None:
    """Keep the record of the log that is kept."""
    files.write_text(PLACE / "summary.json", record_of(PLACE / "log.parquet", dataset))


def record_of(log: Path, dataset: Path) -> str:
    """Return the record of a log: what ``s2c2 annotations agreement --truth`` says of it."""
    from s2c2.cli.annotations import open_log
    from s2c2.data.dataset import read
    from s2c2.metrics.annotation_study import agreement as examine
    from s2c2.report.agreement import contents as report

    others = read(dataset).annotations
    settings = {"people": SETTINGS, "study": yaml.safe_load((PLACE / "study.yaml").read_text())}
    made = report(examine(open_log(str(log), others.classes), others), settings)
    return made["agreement.json"].decode()


@contextmanager
def serving(run: Path, against: Path, person: str, database: Path) -> Iterator[str]:
    """Serve a study to one annotator; yields the address."""
    given = ["--study", PLACE / "study.yaml", "--against", against, "--annotator", person]
    place = ["--no-open", "--port", "0", "--database", database]
    command = [*PROGRAM, *map(str, ["annotate", run, *given, *place])]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        yield next(line.split()[2] for line in lines if line.startswith("listening on"))
    finally:
        process.terminate()
        process.wait()


def simulate(run: Path, against: Path, dataset: Path, work: Path) -> None:
    """Let each annotator of the study answer all their boards, one after the other."""
    work.mkdir(parents=True, exist_ok=True)
    database, names = work / "annotations.sqlite", work / "images.json"
    script = Path(__file__).parent / "scripted_annotator.py"
    listed = yaml.safe_load((PLACE / "study.yaml").read_text(encoding="utf-8"))["annotators"]
    for number, person in enumerate(listed):
        with serving(run, against, person, database) as address:
            files.write_text(names, json.dumps(numbered(database)))
            given = [address, names, dataset, number, json.dumps(SETTINGS)]
            subprocess.run([sys.executable, script, *map(str, given)], check=True)


def numbered(database: Path) -> tuple[str, ...]:
    """Return the image ids by number."""
    from s2c2.web.store import Store

    store = Store.open(f"sqlite:///{database.resolve()}")
    try:
        start = store.start()
        assert start is not None
        return start.images
    finally:
        store.close()


def keep(database: Path) -> None:
    """Keep the log of a database."""
    from s2c2.cli.annotations import stored

    log = stored(database)
    metadata = {"classes": json.dumps(log.classes)}
    with files.atomic(PLACE / "log.parquet") as partial:
        log.table.select(COLUMNS).write_parquet(partial, compression_level=19, metadata=metadata)


def main() -> None:
    match [*map(Path, sys.argv[1:])]:
        case [first, after, before] if str(first) == "--trained":
            keep_trained(after, before)
        case [dataset]:
            keep_record(dataset)
        case [*runs, dataset, folder]:
            if runs:
                simulate(runs[0], runs[1], dataset, folder)
            keep(folder / "annotations.sqlite")
            keep_record(dataset)
    for path, text in contents().items():
        files.write_text(path, text)


if __name__ == "__main__":
    main()
