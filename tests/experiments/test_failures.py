import pickle
from collections.abc import Callable

import pytest

from s2c2.errors import UserError
from s2c2.experiments.failures import ForeignError, named, portable, received, sent
from s2c2.experiments.pool import Job, work
from tests.experiments.failing import SAID, HoldingError, PickyError


class MuteError(Exception):
    """It has no words."""

    def __str__(self) -> str:
        raise RuntimeError("no words")


class ForgetfulError(Exception):
    """It is sent without its notes."""

    def __reduce__(self) -> tuple[type, tuple[str]]:
        return ForgetfulError, ("its words",)


class MistakenError(UserError):
    """A mistake of a person that holds something that cannot be sent."""

    def __init__(self) -> None:
        super().__init__("no such file")
        self.call = lambda: None


@pytest.mark.parametrize("call", SAID, ids=lambda call: call.__name__)
def test_any_error_of_a_job_comes_back_with_its_kind_and_words(call: Callable[[], None]) -> None:
    jobs = [Job("fails", call, ()), Job("works", len, ((),), after=("fails",))]
    failed, works = work(jobs, 1)
    assert works.error is None
    assert named(failed.error or KeyError()) == SAID[call]
    assert f"in {call.__name__}" in str(getattr(failed.error, "__cause__", None)), "the traceback is lost"


@pytest.mark.parametrize("call", SAID, ids=lambda call: call.__name__)
def test_what_is_sent_can_be_read_and_has_its_traceback(call: Callable[[], None]) -> None:
    with pytest.raises((HoldingError, PickyError)) as caught:
        call()
    found = received(sent(caught.value))
    assert isinstance(found, ForeignError)
    assert str(found) == SAID[call]
    assert f"in {call.__name__}" in found.__notes__[0]


def test_what_can_be_sent_is_sent_as_it_is() -> None:
    for error in (UserError("no file"), KeyError("a"), KeyboardInterrupt(), OSError(2, "gone", "a.png")):
        assert portable(error) is error
        found = received(sent(error))
        assert (type(found), str(found)) == (type(error), str(error))
    assert received(sent(None)) is None


def test_a_mistake_of_a_person_stays_one() -> None:
    found = portable(MistakenError())
    assert (type(found), str(found)) == (UserError, "no such file")


def test_an_error_without_words_is_named() -> None:
    assert named(portable(MuteError())) == "MuteError"


def test_a_traceback_is_not_lost_with_an_error_that_is_sent_without_its_notes() -> None:
    try:
        raise ForgetfulError("its words")
    except ForgetfulError as error:
        found = received(sent(error))
    assert isinstance(found, ForeignError)
    assert "raise ForgetfulError" in found.__notes__[0]


def test_what_cannot_be_read_here_is_an_error_too() -> None:
    data = pickle.dumps(HoldingError).replace(b"failing", b"falling")
    for wrong in (data, b"", data[:-3]):
        assert "cannot be read here" in str(received(wrong))
