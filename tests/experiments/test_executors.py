import os
from pathlib import Path

import pytest

from s2c2.errors import UserError
from s2c2.experiments.executors import EXECUTORS, Executor, Local, executor
from s2c2.experiments.pool import Job


def test_a_name_may_carry_a_number() -> None:
    assert executor("local", 3) == Local(3)
    assert executor("local:5", 3) == Local(5)
    assert all(isinstance(make(1), Executor) for make in EXECUTORS.values())


@pytest.mark.parametrize("text", ["local:", "local:0", "local:two", "local:-1"])
def test_a_number_that_is_none_is_named(text: str) -> None:
    with pytest.raises(UserError, match="number of jobs at a time"):
        executor(text, 1)


def test_an_unknown_name_is_corrected() -> None:
    with pytest.raises(UserError, match="unknown executor 'locale': did you mean 'local'"):
        executor("locale:2", 1)


def note(path: str) -> None:
    Path(path).write_text(str(os.getpid()))


@pytest.mark.parametrize("name", ["local", "ray"])
def test_every_executor_does_jobs_in_other_processes_and_in_order(name: str, tmp_path: Path) -> None:
    paths = [str(tmp_path / str(i)) for i in range(3)]
    jobs = [Job(path, note, (path,), 1, (paths[i - 1],) if i else ()) for i, path in enumerate(paths)]
    seen: list[int] = []
    ended = list(EXECUTORS[name](2)(jobs, stop=lambda: False, watch=seen.append))
    assert [one.job.name for one in ended] == paths
    assert all(one.error is None for one in ended)
    assert all(int(Path(path).read_text()) != os.getpid() for path in paths)
    assert max(seen) <= 3
