from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import pytest
from argon2 import PasswordHasher
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from s2c2.errors import UserError
from s2c2.web.database import reading
from s2c2.web.identity import accounts, entering, managing, tables
from s2c2.web.identity.entering import WRONG, DeniedError, Given, WaitError
from s2c2.web.identity.passwords import Passwords
from s2c2.web.identity.people import Doer, People, by_session
from tests.web.identity.conftest import PASSWORD, QUICK, Clock, Drawn, audited, enter, join

HOUR, DAY = 3600.0, 86400.0


def test_log_in_opens_a_session_of_the_account(people: People, clock: Clock) -> None:
    join(people, "Ada", "reviewer", clock())
    caller = enter(people, " ADA ", clock())
    found = by_session(people, caller.secret, None, clock())
    assert found is not None
    assert (found.account.name, found.role) == ("Ada", "reviewer")
    assert found.csrf == caller.csrf


@pytest.mark.parametrize("name", ["ada", "nobody", "", "a/b", "\0", "shared", "\ud800", "x" * 2**20])
def test_unknown_names_and_wrong_passwords_have_the_same_words_and_the_same_work(
    people: People, clock: Clock, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    join(people, "ada", "annotator", clock())
    verified = []

    class Watched(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
            verified.append(password)
            return super().verify(hash, password)

    watched = People(people.engine, Passwords(Watched(time_cost=1, memory_cost=8, parallelism=1)), Drawn())
    with pytest.raises(DeniedError) as caught:
        enter(watched, name, clock(), "wrong password")
    assert str(caught.value) == WRONG
    assert verified == [b"wrong password"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(name=st.text(st.characters(), max_size=70), password=st.text(st.characters(), max_size=30))
def test_any_text_is_refused_in_the_same_words(
    people: People, name: str, password: str, clock: Clock
) -> None:
    clock.wait(DAY * 2)
    with pytest.raises(DeniedError, match=WRONG):
        enter(people, name, clock(), password)


def test_a_session_ends_when_idle(people: People, clock: Clock) -> None:
    secret = join(people, "ada", "annotator", clock()).secret
    for _ in range(4):
        clock.wait(8 * HOUR - 1)
        assert by_session(people, secret, None, clock()) is not None
    clock.wait(8 * HOUR)
    assert by_session(people, secret, None, clock()) is None


def test_a_session_ends_after_a_week_in_any_case(people: People, clock: Clock) -> None:
    secret = join(people, "ada", "annotator", clock()).secret
    for _ in range(7 * 24 - 1):
        clock.wait(HOUR)
        assert by_session(people, secret, None, clock()) is not None
    clock.wait(HOUR)
    assert by_session(people, secret, None, clock()) is None


def test_sessions_that_are_over_leave_the_database(people: People, clock: Clock) -> None:
    for _ in range(3):
        join(people, f"a{clock.now}", "annotator", clock())
        clock.wait(9 * HOUR)
    with reading(people.engine) as connection:
        assert connection.execute(select(func.count()).select_from(tables.sessions)).scalar_one() == 1


def test_a_log_in_gives_another_secret_and_ends_the_session_before_it(people: People, clock: Clock) -> None:
    before = join(people, "ada", "annotator", clock()).secret
    after = entering.log_in(people, Given("ada", PASSWORD, session=before), clock()).secret
    assert after != before
    assert by_session(people, before, None, clock()) is None
    assert by_session(people, after, None, clock()) is not None


def test_log_out_ends_one_session_or_all(people: People, clock: Clock) -> None:
    first = join(people, "ada", "annotator", clock())
    second, third = enter(people, "ada", clock()), enter(people, "ada", clock())
    other = join(people, "bob", "annotator", clock())

    def still_open() -> list[bool]:
        callers = (first, second, third, other)
        return [by_session(people, caller.secret, None, clock()) is not None for caller in callers]

    entering.log_out(people, second, everywhere=False, now=clock())
    assert still_open() == [True, False, True, True]
    entering.log_out(people, third, everywhere=True, now=clock())
    assert still_open() == [False, False, False, True]


def test_a_disabled_account_is_out_at_once_and_stays_out(people: People, clock: Clock) -> None:
    join(people, "eve", "owner", clock())
    caller = join(people, "ada", "annotator", clock())
    managing.disable(people, caller.account.id, Doer("eve"), clock())
    assert by_session(people, caller.secret, None, clock()) is None
    with pytest.raises(UserError, match="disabled: ask an owner"):
        enter(people, "ada", clock())
    with pytest.raises(DeniedError, match=WRONG):
        enter(people, "ada", clock(), "wrong password")
    managing.enable(people, caller.account.id, Doer("eve"), clock())
    assert by_session(people, caller.secret, None, clock()) is None
    assert enter(people, "ada", clock()).role == "annotator"


def test_an_outdated_hash_is_renewed_at_log_in(people: People, clock: Clock) -> None:
    join(people, "ada", "annotator", clock())
    newer = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1)
    changed = People(people.engine, Passwords(newer), people.draw)

    def stored() -> str:
        with reading(people.engine) as connection:
            return accounts.by_name(connection, "ada").password

    assert QUICK.check_needs_rehash(stored()) is False
    with pytest.raises(DeniedError):
        enter(changed, "ada", clock(), "wrong password")
    assert newer.check_needs_rehash(stored())
    enter(changed, "ada", clock())
    renewed = stored()
    assert not newer.check_needs_rehash(renewed)
    enter(changed, "ada", clock())
    assert stored() == renewed


def test_a_changed_password_ends_all_other_sessions(people: People, clock: Clock) -> None:
    other = join(people, "ada", "annotator", clock())
    caller = enter(people, "ada", clock())
    fresh = entering.change_password(people, caller, PASSWORD, "another password", clock())
    assert [
        by_session(people, secret, None, clock()) is not None for secret in (other.secret, caller.secret)
    ] == [
        False,
        False,
    ]
    assert by_session(people, fresh.secret, None, clock()) is not None
    with pytest.raises(DeniedError):
        enter(people, "ada", clock())
    enter(people, "ada", clock(), "another password")


def test_a_password_is_not_changed_without_the_old_one_or_against_the_rules(
    people: People, clock: Clock
) -> None:
    caller = join(people, "ada", "annotator", clock())
    with pytest.raises(DeniedError, match="old password is wrong"):
        entering.change_password(people, caller, "wrong password", "another password", clock())
    with pytest.raises(UserError, match="use 10 or more"):
        entering.change_password(people, caller, PASSWORD, "short", clock())
    enter(people, "ada", clock())


def test_guessing_the_old_password_is_limited(people: People, clock: Clock) -> None:
    caller = join(people, "ada", "annotator", clock())
    for _ in range(5):
        with pytest.raises(DeniedError):
            entering.change_password(people, caller, "wrong password", "another password", clock())
    with pytest.raises(WaitError):
        entering.change_password(people, caller, PASSWORD, "another password", clock())


def test_many_guesses_at_once_are_counted_before_they_are_verified(people: People, clock: Clock) -> None:
    join(people, "ada", "annotator", clock())

    def guess(number: int) -> type[Exception]:
        with pytest.raises(UserError) as caught:
            enter(people, "ada", clock(), f"wrong password {number}", f"192.0.2.{number}")
        return caught.type

    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(guess, range(24)))
    assert said.count(DeniedError) == 5
    assert said.count(WaitError) == 19


def test_what_is_audited_of_log_ins(people: People, clock: Clock) -> None:
    join(people, "ada", "annotator", clock())
    caller = enter(people, "ADA", clock())
    for name in ("ada", "my secret password"):
        with pytest.raises(DeniedError):
            enter(people, name, clock(), "wrong password")
    entering.log_out(people, caller, everywhere=False, now=clock())
    assert audited(people)[2:] == [
        ("ada", "log-in", None, None),
        (None, "failed log-in", "ada", None),
        (None, "failed log-in", None, "no such account"),
        ("ada", "log-out", None, None),
    ]
