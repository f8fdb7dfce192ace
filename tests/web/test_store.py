"""The store on SQLite and on PostgreSQL."""

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError

from s2c2.errors import UserError
from s2c2.web.acts import Act, Conflict, Recorded, Shown
from s2c2.web.board import Board
from s2c2.web.live import Live
from s2c2.web.store import Duplicate, Reader, Store
from tests.web.starts import SCOPE, act, group, small

TIME = "2026-01-01T00:00:00Z"


def nothing(read: Reader) -> None:
    """Accept any act."""


def numbered(number: int) -> Act:
    return act("label", (number % 10,), label=1, key=f"k{number}")


def test_the_start_comes_back_as_it_was(store: Store, opened: Callable[[], Store]) -> None:
    assert repr(opened().start()) == repr(replace(small(), groups=dict(sorted(small().groups.items()))))


def test_names_of_images_come_back_whatever_is_in_them(opened: Callable[[], Store]) -> None:
    names = ("%(id)s.png", "a ? b.png", ":name.png", "it's.png", "ü/ï.png", 'x"y.png')
    plain = group("all", tuple(range(len(names))), float("nan"))
    first = replace(small(), images=names, groups={"none": (plain,)})
    assert repr(opened().begin(first)) == repr(first)
    assert repr(opened().start()) == repr(first)


def test_what_was_written_a_moment_ago_is_not_read_again(opened: Callable[[], Store]) -> None:
    store, said = opened(), list[str]()
    event.listen(store.engine, "before_cursor_execute", lambda *told: said.append(told[2]))
    assert store.begin(small()).images == small().images
    assert any(statement.startswith("INSERT INTO images") for statement in said)
    assert not any("FROM images" in statement for statement in said)


def test_an_empty_database_has_no_start_and_no_acts(opened: Callable[[], Store]) -> None:
    store = opened()
    assert store.start() is None
    assert store.read() == []
    with pytest.raises(UserError, match="holds no images yet"):
        Live(store)


def test_groups_never_change_and_a_new_arm_is_added(store: Store) -> None:
    groups = {"s2c2": (group("class-0", (5,)),), "ssl": (group("class-1", (3, 2)),)}
    kept = store.begin(replace(small(), groups=groups))
    assert repr(kept.groups["s2c2"]) == repr(small().groups["s2c2"])
    assert kept.groups["ssl"][0].images == (3, 2)


def test_another_dataset_is_refused(store: Store) -> None:
    with pytest.raises(UserError, match=r"other images .10 images of 2 classes, not 1 of 2"):
        store.begin(replace(small(), images=("x.png",)))
    with pytest.raises(UserError, match="other classes"):
        store.begin(replace(small(), classes=("dog", "cat")))


def test_acts_come_back_as_they_were(store: Store, opened: Callable[[], Store]) -> None:
    acts = [
        act("ambiguous", (3, 1), "class-0", key="a", version=0, distribution=(1 / 3, 2 / 3), tab="ü😀"),
        act("recluster", (0, 1, 2), "class-0", key="b", parts=((2,), (0, 1)), active=0.1, wall=1e-9),
        act("accept", (0,), "class-0", key="c", label=0, shown=Shown(0, 0.7), selected=3, at="2026"),
    ]
    written = [store.append("änn", act, nothing, TIME) for act in acts]
    assert written == [Recorded(number, "änn", TIME, act) for number, act in enumerate(acts, start=1)]
    assert opened().read() == written
    assert store.read(2) == written[2:]


def test_the_same_key_is_recorded_once_and_gives_the_first_act(store: Store) -> None:
    first = store.append("ann", numbered(0), nothing, TIME)
    with pytest.raises(Duplicate) as caught:
        store.append("ann", replace(numbered(0), wall=9.0), lambda read: pytest.fail("asked"), "later")
    assert caught.value.recorded == first
    with pytest.raises(UserError, match="key is that of another's act"):
        store.append("bo", numbered(0), nothing, TIME)
    assert store.read() == [first]
    assert store.recorded("k0") == first
    assert store.recorded("k1") is None


def test_a_refused_act_leaves_nothing(store: Store) -> None:
    def refuse(read: Reader) -> None:
        raise Conflict("no", "bo", "label", TIME, 1)

    with pytest.raises(Conflict):
        store.append("ann", numbered(0), refuse, TIME)
    assert store.read() == []
    assert store.append("ann", numbered(0), nothing, TIME).seq == 1


def test_a_check_reads_what_others_recorded_up_to_then(store: Store, opened: Callable[[], Store]) -> None:
    first = opened().append("bo", numbered(0), nothing, TIME)
    seen: list[Recorded] = []
    store.append("ann", numbered(1), lambda read: seen.extend(read(0)), TIME)
    assert seen == [first]


@pytest.mark.parametrize("statement", ["UPDATE events SET annotator = 'x'", "DELETE FROM events"])
def test_the_database_refuses_to_change_the_log(store: Store, statement: str) -> None:
    store.append("ann", numbered(0), nothing, TIME)
    with pytest.raises(DBAPIError, match="append-only"), store.engine.begin() as connection:
        connection.execute(text(statement))
    assert len(store.read()) == 1


def test_postgresql_refuses_to_empty_the_log(postgres: str) -> None:
    store = Store.open(postgres)
    with pytest.raises(DBAPIError, match="append-only"), store.engine.begin() as connection:
        connection.execute(text("TRUNCATE events"))
    store.close()


@pytest.mark.parametrize(
    ("payload", "sentence"),
    [
        ("", "Invalid JSON"),
        ('{"key": "k1"}', "name: Field required"),
        ('{"key": "k1", "name": "label", "scope": "shared/1/s2c2", "group": null, "version": null, '
         '"images": ["x"]}', "images.0: Input should be a valid integer"),
        ('{"key": "k1", "name": "skip", "scope": "shared/1/s2c2", "group": null, "version": null, '
         '"images": [1]}', "its columns say something else than its payload"),
        ('{"key": "k1", "name": "dance", "scope": "shared/1/s2c2", "group": null, "version": null, '
         '"images": [1]}', "name: Input should be 'accept'"),
    ],
    ids=["empty", "half", "image", "columns", "name"],
)  # fmt: skip
def test_a_damaged_row_is_named(store: Store, payload: str, sentence: str) -> None:
    store.append("ann", numbered(0), nothing, TIME)
    row = {"payload": payload, "scope": SCOPE, "time": TIME}
    with store.engine.begin() as connection:
        columns = "seq, key, annotator, time, scope, act, payload"
        values = "2, 'k1', 'bo', :time, :scope, 'label', :payload"
        connection.execute(text(f"INSERT INTO events ({columns}) VALUES ({values})"), row)
    for use in (store.read, lambda: store.append("bo", numbered(1), nothing, TIME), lambda: _used(store)):
        with pytest.raises(UserError, match=r"act 2 in .* is damaged: ") as caught:
            use()
        assert sentence in str(caught.value)


def _used(store: Store) -> None:
    with Live(store).board():
        pass


def test_threads_share_a_live_board(store: Store, opened: Callable[[], Store]) -> None:
    live, other = Live(store), Live(opened())

    def work(name: str, board: Live) -> None:
        for number in range(20):
            board.append(name, act("label", (number % 10,), label=0, key=f"{name}{number}"), TIME)
            with board.board() as seen:
                assert seen.answer(SCOPE, number % 10) is not None

    threads = [
        Thread(target=work, args=(name, board)) for name, board in (("a", live), ("b", live), ("c", other))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    with live.board() as board, other.board() as same:
        assert board.seq == same.seq == 60
        assert board.groups(SCOPE) == same.groups(SCOPE) or repr(board.groups(SCOPE)) == repr(
            same.groups(SCOPE)
        )


def test_a_restarted_server_goes_on_with_undo(store: Store, opened: Callable[[], Store]) -> None:
    Live(store).append("ann", act("label", (0, 1), "class-0", label=1, key="a"), TIME)
    again = Live(opened())
    with again.board() as board:
        assert board.undoable(SCOPE, "ann") == 1
    again.append("ann", act("undo", key="b", target_seq=1), TIME)
    with Live(store).board() as board:
        assert board.open_members(SCOPE, "class-0") == (0, 1, 2, 3)
        assert board.redoable(SCOPE, "ann") == 1


def test_a_backup_is_a_whole_database_in_one_file(tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path / 'a.sqlite'}")
    store.begin(small())
    recorded = store.append("ann", numbered(0), nothing, TIME)
    store.backup(tmp_path / "copies" / "b.sqlite")
    store.append("ann", numbered(1), nothing, TIME)
    assert [path.name for path in (tmp_path / "copies").iterdir()] == ["b.sqlite"]
    with pytest.raises(UserError, match="exists: name a new file"):
        store.backup(tmp_path / "a.sqlite")
    store.close()
    copy = Store.open(f"sqlite:///{tmp_path / 'copies' / 'b.sqlite'}")
    assert copy.read() == [recorded]
    assert Board(copy.start() or small()).seq == 0
    copy.close()


def test_a_backup_of_postgresql_names_its_tool(postgres: str, tmp_path: Path) -> None:
    store = Store.open(postgres)
    with pytest.raises(UserError, match="pg_dump"):
        store.backup(tmp_path / "b")
    store.close()


def test_a_backup_goes_on_while_another_writes(tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path / 'a.sqlite'}")
    with sqlite3.connect(tmp_path / "a.sqlite", isolation_level=None) as writer:
        writer.execute("BEGIN IMMEDIATE")
        store.backup(tmp_path / "b.sqlite")
        writer.execute("ROLLBACK")
    writer.close()
    store.close()
    assert (tmp_path / "b.sqlite").is_file()
