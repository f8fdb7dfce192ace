"""Every error of the package says the same in another process: jobs raise them, grids note them."""

import importlib
import pickle
import pkgutil
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

import s2c2
from s2c2.data.tables import RowError
from s2c2.engine import NonFiniteError
from s2c2.errors import UserError
from s2c2.experiments.failures import ForeignError
from s2c2.experiments.predicting import NothingReadError
from s2c2.ranks.group import LostError
from s2c2.web.acts import Act, Conflict, Recorded
from s2c2.web.client import RefusedError
from s2c2.web.identity.entering import DeniedError, DisabledError, WaitError
from s2c2.web.leases import Lease, Leased
from s2c2.web.problems import Problem
from s2c2.web.store import Duplicate

EXAMPLES: list[Exception] = [
    UserError("no file a.csv"),
    RowError(3, "no image"),
    NonFiniteError(12, {"total": 3.0}),
    ForeignError("TooBig: by one"),
    NothingReadError(),
    LostError("rank 1 was killed"),
    Conflict("ada was faster", "ada", "accept", "12:00", None),
    RefusedError(409, {"error": "ada was faster"}),
    DeniedError("the name or the password is wrong"),
    DisabledError(),
    WaitError(12.5),
    Leased("c1", Lease("ada", datetime(2026, 1, 1, tzinfo=UTC))),
    Duplicate(Recorded(3, "ada", "12:00", Act("key", "flag", "shared/1/s2c2", None, None, (1,)))),
    Problem(404, "no group", hint="look again", group="c1"),
]


def below(kind: type[BaseException]) -> Iterator[type[BaseException]]:
    """Yield the classes that are derived from one."""
    for one in kind.__subclasses__():
        yield one
        yield from below(one)


def test_no_error_of_the_package_is_left_out() -> None:
    for module in pkgutil.walk_packages(s2c2.__path__, "s2c2."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    own = {kind for kind in below(BaseException) if kind.__module__.split(".")[0] == "s2c2"}
    assert own == {type(error) for error in EXAMPLES}


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
def test_an_error_is_the_same_in_another_process(error: Exception) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert vars(again) == vars(error)
