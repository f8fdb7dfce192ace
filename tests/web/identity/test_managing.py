import pytest
from sqlalchemy import delete, update

from s2c2.errors import UserError
from s2c2.web.database import reading, writing
from s2c2.web.identity import audit, managing, tables
from s2c2.web.identity.people import Doer, People, by_session, by_token, record
from s2c2.web.identity.roles import ROLES, Role, lesser
from s2c2.web.identity.tokens import Wanted
from tests.web.identity.conftest import Clock, audited, join

EVE = Doer("eve", "192.0.2.1")


@pytest.mark.parametrize("asked", ROLES)
@pytest.mark.parametrize("role", ROLES)
def test_a_token_may_what_it_was_made_for_and_never_more_than_its_account(
    people: People, clock: Clock, role: Role, asked: Role
) -> None:
    caller = join(people, "ada", role, clock())
    issued = managing.issue(people, caller.account, Wanted("backup", asked), EVE, clock())
    found = by_token(people, issued.secret, None, clock())
    assert found is not None
    assert found.role == lesser(role, asked)
    assert found.csrf == ""
    assert by_session(people, issued.secret, None, clock()) is None


def test_a_token_loses_what_its_account_loses(people: People, clock: Clock) -> None:
    join(people, "eve", "owner", clock())
    caller = join(people, "ada", "owner", clock())
    issued = managing.issue(people, caller.account, Wanted("backup", "owner"), EVE, clock())
    managing.assign(people, caller.account.id, "annotator", EVE, clock())
    found = by_token(people, issued.secret, None, clock())
    assert found is not None
    assert found.role == "annotator"


def test_a_revoked_token_opens_nothing(people: People, clock: Clock) -> None:
    caller = join(people, "ada", "annotator", clock())
    issued = managing.issue(people, caller.account, Wanted("backup", "annotator"), EVE, clock())
    managing.revoke(people, caller, issued.token.id, clock())
    assert by_token(people, issued.secret, None, clock()) is None
    with pytest.raises(UserError, match="no token"):
        managing.revoke(people, caller, issued.token.id, clock())
    again = managing.issue(people, caller.account, Wanted("backup", "annotator"), EVE, clock())
    with pytest.raises(UserError, match="already a token 'backup'"):
        managing.issue(people, caller.account, Wanted("backup", "annotator"), EVE, clock())
    assert by_token(people, again.secret, None, clock()) is not None


def test_only_owners_revoke_tokens_of_others(people: People, clock: Clock) -> None:
    ada, bob = join(people, "ada", "reviewer", clock()), join(people, "bob", "annotator", clock())
    eve = join(people, "eve", "owner", clock())
    issued = managing.issue(people, bob.account, Wanted("backup", "annotator"), EVE, clock())
    with pytest.raises(UserError, match="no token"):
        managing.revoke(people, ada, issued.token.id, clock())
    managing.revoke(people, eve, issued.token.id, clock())
    assert audited(people)[-1] == ("eve", "token revoked", "bob", "backup")


def test_a_disabled_account_loses_its_tokens_for_good(people: People, clock: Clock) -> None:
    caller = join(people, "ada", "annotator", clock())
    issued = managing.issue(people, caller.account, Wanted("backup", "annotator"), EVE, clock())
    disabled = managing.disable(people, caller.account.id, EVE, clock())
    assert by_token(people, issued.secret, None, clock()) is None
    with pytest.raises(UserError, match="is disabled"):
        managing.issue(people, disabled, Wanted("other", "annotator"), EVE, clock())
    managing.enable(people, caller.account.id, EVE, clock())
    assert by_token(people, issued.secret, None, clock()) is None


@pytest.mark.parametrize("label", ["", " ", "a\nb", "\0", "\ud800", "x" * 65, "x" * 2**20])
def test_labels_of_tokens(people: People, clock: Clock, label: str) -> None:
    caller = join(people, "ada", "annotator", clock())
    with pytest.raises(UserError, match="printable characters on one line"):
        managing.issue(people, caller.account, Wanted(label, "annotator"), EVE, clock())


def test_a_role_holds_from_the_next_request_on(people: People, clock: Clock) -> None:
    join(people, "eve", "owner", clock())
    caller = join(people, "ada", "annotator", clock())
    managing.assign(people, caller.account.id, "reviewer", EVE, clock())
    found = by_session(people, caller.secret, None, clock())
    assert found is not None
    assert found.role == "reviewer"
    assert audited(people)[-1] == ("eve", "role", "ada", "annotator → reviewer")


def test_the_last_owner_stays(people: People, clock: Clock) -> None:
    first = join(people, "ada", "owner", clock())
    with pytest.raises(UserError, match="only owner"):
        managing.disable(people, first.account.id, EVE, clock())
    with pytest.raises(UserError, match="only owner"):
        managing.assign(people, first.account.id, "reviewer", EVE, clock())
    managing.assign(people, first.account.id, "owner", EVE, clock())
    second = join(people, "bob", "owner", clock())
    managing.disable(people, first.account.id, EVE, clock())
    with pytest.raises(UserError, match="only owner"):
        managing.disable(people, second.account.id, EVE, clock())


def test_an_account_that_is_not_there(people: People, clock: Clock) -> None:
    for change in (managing.disable, managing.enable):
        with pytest.raises(UserError, match="no account 7"):
            change(people, 7, EVE, clock())


def test_a_refused_change_leaves_no_entry(people: People, clock: Clock) -> None:
    caller = join(people, "ada", "owner", clock())
    before = audited(people)
    with pytest.raises(UserError):
        managing.disable(people, caller.account.id, EVE, clock())
    assert audited(people) == before


def test_the_audit_log_reads_backwards_in_pages(people: People, clock: Clock) -> None:
    for number in range(10):
        record(people, audit.Entry("ada", "export", detail=str(number), address="192.0.2.1"), clock())
        clock.wait(1.0)
    with reading(people.engine) as connection:
        page = audit.lines(connection, None, 4)
        rest = audit.lines(connection, page[-1].seq, 100)
    assert [line.entry.detail for line in (*page, *rest)] == list("9876543210")
    assert page[0].time - page[3].time == 3.0
    assert page[0].entry.address == "192.0.2.1"


def test_the_database_refuses_to_change_the_audit_log(people: People, clock: Clock) -> None:
    record(people, audit.Entry("ada", "export"), clock())
    for statement in (update(tables.audit).values(who="bob"), delete(tables.audit)):
        with pytest.raises(UserError, match="append-only"), writing(people.engine) as connection:
            connection.execute(statement)
    assert audited(people) == [("ada", "export", None, None)]


def test_a_token_ends_after_90_days_or_as_was_asked_for(people: People, clock: Clock) -> None:
    caller, day = join(people, "ada", "annotator", clock()), 86400.0
    usual = managing.issue(people, caller.account, Wanted("usual", "annotator"), EVE, clock())
    short = managing.issue(people, caller.account, Wanted("short", "annotator", day), EVE, clock())
    assert (usual.token.expires, short.token.expires) == (clock() + 90 * day, clock() + day)
    clock.wait(day - 1)
    assert by_token(people, short.secret, None, clock()) is not None
    clock.wait(1)
    assert by_token(people, short.secret, None, clock()) is None
    managing.issue(people, caller.account, Wanted("short", "annotator", day), EVE, clock())
    clock.wait(89 * day - 1)
    assert by_token(people, usual.secret, None, clock()) is not None
    clock.wait(1)
    assert by_token(people, usual.secret, None, clock()) is None


def test_a_token_of_an_older_version_has_no_end(people: People, clock: Clock) -> None:
    caller = join(people, "ada", "annotator", clock())
    issued = managing.issue(people, caller.account, Wanted("old", "annotator"), EVE, clock())
    with writing(people.engine) as connection:
        connection.execute(update(tables.tokens).values(expires=None))
    clock.wait(1000 * 86400.0)
    assert by_token(people, issued.secret, None, clock()) is not None
