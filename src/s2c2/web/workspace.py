"""What is annotated: a run, a dataset or a plain folder of images, with classes and starting groups."""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from s2c2 import predictions
from s2c2.data.dataset import Dataset, read
from s2c2.data.description import describe
from s2c2.data.layout import SUFFIXES, find_images
from s2c2.data.tables import read_table, require, text
from s2c2.errors import UserError, command_line
from s2c2.runs import Run, open_run, root_of
from s2c2.web.board import Start, StartGroup
from s2c2.web.starting import plain_group, proposed_groups, regrouped

DATABASE = "annotations.sqlite"
"""Name of the database file beside what is annotated."""

CACHE = ".annotate"
"""Hidden folder beside the database, for what can be made anew."""


@dataclass(frozen=True)
class Workspace:
    """What is annotated; images are read when they are shown."""

    root: Path
    """Folder of the run or of the dataset; the database lies there unless another one is named."""
    title: str
    """Name for people."""
    folder: Path
    """Folder that image ids are relative to."""
    images: tuple[str, ...]
    """Image ids; image number i of the app is ``images[i]``."""
    classes: tuple[str, ...]
    arm: str
    """The proposals that are shown outside a study: ``s2c2``, ``ssl`` or ``none``."""
    run: Run | None = None
    """The run whose proposals are shown."""
    plain: Run | None = None
    """The plain run whose proposals make the arm ``ssl`` of a study."""
    part: str = ""
    """Name of the part of the images that is annotated; empty where all are."""

    @property
    def arms(self) -> frozenset[str]:
        """The arms that have groups."""
        return frozenset({"none", self.arm} | ({"ssl"} if self.plain is not None else set()))

    @property
    def database(self) -> str:
        """Address of the database that lies beside what is annotated; each part has its own."""
        name = Path(DATABASE)
        own = name.with_stem(f"{name.stem}-{self.part}") if self.part else name
        return f"sqlite:///{(self.root / own).resolve()}"

    @property
    def cache(self) -> Path:
        """Folder for thumbnails and other things that can be made anew."""
        return self.root / CACHE

    def training(self, database: str) -> str:
        """Return the command that trains on what was annotated.

        Args:
            database: its file, or its address where it is none; a password in it is left out.
        """
        if self.folder == self.root:
            form = ("--format", "folders", "--classes", ",".join(self.classes))
            made = command_line("data", "import", self.root, "DATASET", *form)
            return f"{made} && {command_line('train', 'DATASET', '--annotations', database)}"
        settings = () if self.run is None else ("--config", self.run.path / "config.yaml")
        return command_line("train", self.folder.parent, *settings, "--annotations", database)

    def start(self) -> Start:
        """Return images, classes and starting groups of each arm, reading proposals or making them."""
        groups: dict[str, tuple[StartGroup, ...]] = {"none": (plain_group(len(self.images)),)}
        if self.run is not None:
            groups[self.arm] = self._groups(self.run)
        if self.plain is not None:
            groups["ssl"] = self._groups(self.plain)
        return Start(self.images, self.classes, groups)

    def _groups(self, run: Run) -> tuple[StartGroup, ...]:
        return regrouped(run, self.images) if self.part else proposed_groups(run, self.images)


def open_workspace(
    path: Path, classes: Sequence[str] | None = None, plain: Path | None = None, images: Path | None = None
) -> Workspace:
    """Open a run folder, a dataset folder, or a folder of images.

    Args:
        path: the folder.
        classes: class names, for a folder of images only.
        plain: a plain run on the same dataset, whose proposals become the arm ``ssl``.
        images: folder of a run's dataset, where that was moved.

    Raises:
        UserError: when the folder is none of them, or class names are missing or not wanted.
    """
    if (path / "config.yaml").is_file() and (path / "dataset.json").is_file():
        _no_classes(classes, path)
        workspace = _of_run(open_run(path), images)
        return workspace if plain is None else _with_plain(workspace, open_run(plain))
    if plain is not None:
        raise UserError(f"--against compares with a run, but {path} is no run folder")
    if (path / "dataset.yaml").is_file():
        _no_classes(classes, path)
        return _of_dataset(read(path))
    return _of_images(path, classes)


def narrowed(workspace: Workspace, path: Path) -> Workspace:
    """Return a workspace of the images that a table names in its column ``image``, in its own order.

    Raises:
        UserError: for a table that cannot be read, without that column or a row, and for other images.
    """
    table = read_table(path)
    require(table, "image")
    wanted = set(text(table, "image", optional=True)) - {None, ""}
    if not wanted:
        raise UserError(f"{path} names no image")
    lost = sorted(wanted - set(workspace.images))
    if lost:
        raise UserError(f"{len(lost)} of {len(wanted)} images of {path}, such as {lost[0]}, are not there")
    kept = tuple(image for image in workspace.images if image in wanted)
    return replace(workspace, images=kept, part=re.sub(r"[^\w.-]+", "-", path.stem))


def fingerprint(images: Sequence[str], classes: Sequence[str], database: str) -> str:
    """Return a short digest that tells what pages show apart.

    Args:
        images: image ids.
        classes: class names.
        database: id of the database, as two runs on one dataset have other groups of the same images.
    """
    text = json.dumps([list(classes), list(images), database]).encode()
    return hashlib.blake2b(text, digest_size=8).hexdigest()


def check_same(start: Start, workspace: Workspace, database: str) -> int:
    """Check that a database belongs to a workspace, and return how many images of the workspace it lacks.

    Raises:
        UserError: when it has other classes or images that the workspace has not.
    """
    advice = "name another one with --database"
    if start.classes != workspace.classes:
        theirs, ours = (", ".join(names[:6]) for names in (start.classes, workspace.classes))
        raise UserError(f"{database} is of another dataset: classes {theirs}, not {ours}; {advice}")
    if start.images == workspace.images:
        return 0
    missing = sorted(set(start.images) - set(workspace.images))
    if missing:
        what = f"{len(missing)} of its {len(start.images)} images, such as {missing[0]}, are not there"
        raise UserError(f"{database} is of another dataset: {what}; put them back or {advice}")
    return len(set(workspace.images) - set(start.images))


def _of_run(run: Run, images: Path | None) -> Workspace:
    facts = run.dataset
    root = images or root_of(run)
    folder = root / "images"
    if not folder.is_dir():
        raise UserError(f"the images of {run.path} are not at {folder}: --images FOLDER says where they are")
    names, classes = predictions.names(run.path / "predictions.parquet")
    arm = "ssl" if run.config.get("objective", {}).get("name") == "vanilla" else "s2c2"
    return Workspace(
        run.path, f"{run.label} on {facts.get('name', run.name)}", folder, names, classes, arm, run
    )


def _with_plain(workspace: Workspace, plain: Run) -> Workspace:
    if workspace.arm != "s2c2":
        raise UserError(f"{workspace.root} is a plain run itself: --against is for a run with S2C2")
    images, classes = predictions.names(plain.path / "predictions.parquet")
    if classes != workspace.classes or set(images) != set(workspace.images):
        raise UserError(f"{plain.path} was trained on other images or classes than {workspace.root}")
    return replace(workspace, plain=plain)


def _of_dataset(dataset: Dataset) -> Workspace:
    folder = dataset.root / "images"
    return Workspace(dataset.root, dataset.name, folder, dataset.images, dataset.classes, "none")


def _of_images(path: Path, classes: Sequence[str] | None) -> Workspace:
    if not path.is_dir():
        what = "is a file" if path.exists() else "does not exist"
        raise UserError(f"{path} {what}: name a run, a dataset or a folder of images")
    images = tuple(sorted(find_images(path)))
    if not images:
        raise UserError(f"{path} is no run and no dataset, and has no images ({', '.join(SUFFIXES)})")
    if not classes:
        raise UserError(f"{path} is a folder of {len(images)} images: name classes with --classes cat,dog,…")
    named = describe({"name": path.resolve().name or "images", "classes": list(classes)})
    return Workspace(path, named.name, path, images, named.classes, "none")


def _no_classes(classes: Sequence[str] | None, path: Path) -> None:
    if classes:
        raise UserError(f"{path} has classes of its own: --classes is for a plain folder of images")
