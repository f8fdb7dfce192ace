import pytest
from sqlalchemy import Engine

from s2c2.web.database import engine as connect
from s2c2.web.database import parsed
from s2c2.web.identity.attempts import ACCOUNT, ADDRESS, Limit, counted, network, pause
from s2c2.web.identity.entering import DeniedError, WaitError, spoken
from s2c2.web.identity.passwords import Passwords
from s2c2.web.identity.people import People
from tests.web.identity.conftest import Clock, Drawn, enter, join


def fail(people: People, name: str, now: float, address: str = "192.0.2.1") -> None:
    with pytest.raises(DeniedError):
        enter(people, name, now, "wrong password", address)


def seconds(people: People, name: str, now: float, address: str = "192.0.2.1") -> float:
    with pytest.raises(WaitError) as caught:
        enter(people, name, now, address=address)
    return caught.value.seconds


@pytest.mark.parametrize("name", ["ada", "nobody"])
def test_each_failure_after_the_free_ones_doubles_the_wait(people: People, clock: Clock, name: str) -> None:
    join(people, "ada", "annotator", clock())
    waits = []
    for number in range(17):
        fail(people, name, clock(), f"192.0.2.{number}")
        if number >= ACCOUNT.free - 1:
            waits.append(seconds(people, name, clock()))
            clock.wait(float(waits[-1]))
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]


def test_an_attempt_that_has_to_wait_does_not_count(people: People, clock: Clock) -> None:
    join(people, "ada", "annotator", clock())
    for _ in range(5):
        fail(people, "ada", clock())
    for _ in range(50):
        assert seconds(people, "ada", clock()) == 1
    clock.wait(1.0)
    enter(people, "ada", clock())


def test_the_right_password_also_waits(people: People, clock: Clock) -> None:
    join(people, "ada", "annotator", clock())
    for _ in range(5):
        fail(people, "ada", clock())
    assert seconds(people, "ADA", clock(), "203.0.113.9") == 1


def test_success_clears_the_account_but_not_the_address(people: People, clock: Clock) -> None:
    join(people, "ada", "annotator", clock())
    join(people, "eve", "annotator", clock())
    for name in "abcdefghijklmnopqrs":
        fail(people, name, clock())
        enter(people, "eve", clock())
    fail(people, "last", clock())
    assert seconds(people, "eve", clock()) == 1
    enter(people, "eve", clock(), address="203.0.113.9")


def test_failures_of_one_address_do_not_block_another(people: People, clock: Clock) -> None:
    join(people, "ada", "annotator", clock())
    for number in range(ADDRESS.free):
        fail(people, f"name{number}", clock(), "2001:db8::1")
    assert seconds(people, "ada", clock(), "2001:db8::2:3") == 1
    enter(people, "ada", clock(), address="2001:db8:0:1::1")


def test_the_wait_survives_a_restart(
    engine: Engine, url: str, people: People, passwords: Passwords, clock: Clock
) -> None:
    for _ in range(7):
        clock.wait(10.0)
        fail(people, "ada", clock())
    engine.dispose()
    again = connect(parsed(url))
    assert seconds(People(again, passwords, Drawn()), "ada", clock()) == 4
    again.dispose()


def test_failures_are_forgotten_after_a_day(people: People, clock: Clock) -> None:
    for _ in range(8):
        clock.wait(100.0)
        fail(people, "ada", clock())
    clock.wait(ACCOUNT.forgotten + 1)
    for _ in range(5):
        fail(people, "ada", clock())
    assert seconds(people, "ada", clock()) == 1


def test_a_clock_set_back_locks_nobody_out_for_longer_than_the_wait(people: People, clock: Clock) -> None:
    join(people, "ada", "annotator", clock())
    for _ in range(7):
        clock.wait(60.0)
        fail(people, "ada", clock())
    clock.wait(-30 * 86400.0)
    assert seconds(people, "ada", clock()) == 4


@pytest.mark.parametrize("failures", range(0, 100, 7))
def test_pause_is_a_doubling_from_one_second(failures: int) -> None:
    limit = Limit(free=10, longest=10_000.0)
    waited = 0.0
    for _ in range(failures - limit.free + 1):
        waited = 1.0 if waited == 0 else min(waited * 2, limit.longest)
    assert pause(failures, limit) == waited


def test_networks() -> None:
    assert network("2001:db8:1:2:3:4:5:6") == network("2001:db8:1:2::9") != network("2001:db8:1:3::9")
    assert network("fe80::1%eth0") == "fe80::/64"
    assert network("testclient") == "testclient"


def test_neither_names_nor_addresses_are_stored_as_keys() -> None:
    keys = counted("ada", "192.0.2.1")
    assert len(keys) == 2
    assert not [item for item in keys if "ada" in item.key or "192" in item.key]
    assert counted("ADA ", None)[0] == keys[0]


def test_waits_in_words() -> None:
    assert [spoken(n) for n in (1, 119, 120, 121, 900)] == [
        "1 second",
        "119 seconds",
        "2 minutes",
        "3 minutes",
        "15 minutes",
    ]
