import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from s2c2.web.workspace import Workspace, open_workspace
from tests.web.made import TestClient, client_of, dataset_folder, run_folder


@pytest.fixture(scope="session")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset of 60 images in three classes."""
    return dataset_folder(tmp_path_factory.mktemp("data") / "small")


@pytest.fixture(scope="session")
def trained(dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on it, to be copied."""
    return run_folder(tmp_path_factory.mktemp("runs") / "s2c2", dataset)


@pytest.fixture
def run(trained: Path, tmp_path: Path) -> Path:
    """A run without annotations."""
    return Path(shutil.copytree(trained, tmp_path / "run"))


@pytest.fixture
def workspace(run: Path) -> Workspace:
    return open_workspace(run)


@pytest.fixture
def ada(workspace: Workspace) -> Iterator[TestClient]:
    """A browser of Ada."""
    with client_of(workspace) as client:
        yield client


@pytest.fixture
def bob(workspace: Workspace, ada: TestClient) -> Iterator[TestClient]:
    """A browser of Bob, on another server process of the same database."""
    with client_of(workspace, "bob") as client:
        yield client
