from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest

from s2c2.web.store import Leased, Store
from tests.web.starts import SCOPE

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_a_lease_keeps_others_away_for_fifteen_minutes(store: Store, opened: Callable[[], Store]) -> None:
    lease = store.lease(SCOPE, "cluster-1", "ann", NOW)
    assert (lease.who, lease.until) == ("ann", NOW + 15 * MINUTE)
    with pytest.raises(Leased, match="ann works on cluster-1 until 12:15 UTC") as caught:
        opened().lease(SCOPE, "cluster-1", "bo", NOW + 14 * MINUTE)
    assert caught.value.lease == lease
    assert store.lease(SCOPE, "cluster-1", "bo", NOW + 15 * MINUTE).who == "bo"


def test_a_heartbeat_prolongs(store: Store) -> None:
    store.lease(SCOPE, "cluster-1", "ann", NOW)
    there = timezone(timedelta(hours=2))
    assert (
        store.lease(SCOPE, "cluster-1", "ann", (NOW + 10 * MINUTE).astimezone(there)).until
        == NOW + 25 * MINUTE
    )
    with pytest.raises(Leased):
        store.lease(SCOPE, "cluster-1", "bo", NOW + 20 * MINUTE)


def test_leases_are_of_one_group_in_one_scope(store: Store) -> None:
    store.lease(SCOPE, "cluster-1", "ann", NOW)
    store.lease(SCOPE, "cluster-2", "bo", NOW + 10 * MINUTE)
    store.lease("shared/2/s2c2", "cluster-1", "bo", NOW)
    assert {group: lease.who for group, lease in store.leases(SCOPE, NOW).items()} == {
        "cluster-1": "ann",
        "cluster-2": "bo",
    }
    assert list(store.leases(SCOPE, NOW + 15 * MINUTE)) == ["cluster-2"]


def test_only_an_own_lease_is_given_back(store: Store) -> None:
    store.lease(SCOPE, "cluster-1", "ann", NOW)
    store.release(SCOPE, "cluster-1", "bo")
    assert list(store.leases(SCOPE, NOW)) == ["cluster-1"]
    store.release(SCOPE, "cluster-1", "ann")
    assert store.leases(SCOPE, NOW) == {}


def test_a_lease_that_was_taken_anew_is_not_given_back_with_the_one_before(store: Store) -> None:
    first = store.lease(SCOPE, "cluster-1", "ann", NOW + timedelta(microseconds=123456))
    second = store.lease(SCOPE, "cluster-1", "ann", NOW + timedelta(microseconds=999999))
    store.release(SCOPE, "cluster-1", "ann", first.until)
    assert list(store.leases(SCOPE, NOW)) == ["cluster-1"]
    store.release(SCOPE, "cluster-1", "ann", second.until)
    assert store.leases(SCOPE, NOW) == {}
