from concurrent.futures import ThreadPoolExecutor

import pytest

from s2c2.errors import UserError
from s2c2.web.identity import audit, joining, managing
from s2c2.web.identity.entering import DeniedError
from s2c2.web.identity.joining import Answer, Invited
from s2c2.web.identity.people import WEEK, Doer, People, by_session, by_token
from s2c2.web.identity.roles import ROLES, Role
from s2c2.web.identity.tokens import Wanted
from tests.web.identity.conftest import PASSWORD, Clock, audited, enter, join


def make(people: People, role: Role, now: float) -> Invited:
    return joining.invite(people, role, audit.Entry("eve", "invite", detail=role), now)


@pytest.mark.parametrize("role", ROLES)
def test_an_invite_makes_an_account_of_its_role_and_logs_in(people: People, clock: Clock, role: Role) -> None:
    made = make(people, role, clock())
    assert joining.offered(people, made.secret, clock()) == (role, None)
    caller = joining.accept(people, Answer(made.secret, " Ada ", PASSWORD), clock())
    assert (caller.account.name, caller.role) == ("Ada", role)
    assert by_session(people, caller.secret, None, clock()) is not None
    assert audited(people) == [("eve", "invite", None, role), ("Ada", "joined", None, role)]


def test_an_invite_is_used_once(people: People, clock: Clock) -> None:
    made = make(people, "annotator", clock())
    joining.accept(people, Answer(made.secret, "ada", PASSWORD), clock())
    with pytest.raises(UserError, match="already used"):
        joining.accept(people, Answer(made.secret, "bob", PASSWORD), clock())


def test_an_invite_that_two_follow_at_once_makes_one_account(people: People, clock: Clock) -> None:
    made = make(people, "annotator", clock())

    def follow(number: int) -> bool:
        try:
            joining.accept(people, Answer(made.secret, f"name{number}", PASSWORD), clock())
        except UserError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(follow, range(16))) == 1
    assert len(managing.listed(people)) == 1


def test_an_invite_expires(people: People, clock: Clock) -> None:
    made = make(people, "annotator", clock())
    clock.wait(WEEK - 1)
    joining.offered(people, made.secret, clock())
    clock.wait(1.0)
    with pytest.raises(UserError, match="has ended"):
        joining.accept(people, Answer(made.secret, "ada", PASSWORD), clock())


def test_a_withdrawn_invite_cannot_be_used(people: People, clock: Clock) -> None:
    made = make(people, "annotator", clock())
    entry = audit.Entry("eve", "invite withdrawn")
    joining.withdraw(people, made.invite.id, entry, clock())
    with pytest.raises(UserError, match="has ended"):
        joining.accept(people, Answer(made.secret, "ada", PASSWORD), clock())
    with pytest.raises(UserError, match="no open invite"):
        joining.withdraw(people, made.invite.id, entry, clock())


@pytest.mark.parametrize("secret", ["", "i2c2_", "\0", "\ud800", "x" * 2**20])
def test_an_unknown_invite(people: People, clock: Clock, secret: str) -> None:
    with pytest.raises(UserError, match="whole link") as caught:
        joining.accept(people, Answer(secret, "ada", PASSWORD), clock())
    assert len(str(caught.value)) < 100


@pytest.mark.parametrize(
    ("name", "password", "sentence"),
    [("ADA", PASSWORD, "taken"), ("a/b", PASSWORD, "cannot be a name"), ("bob", "short", "10 or more")],
)
def test_a_refused_answer_does_not_use_the_invite_up(
    people: People, clock: Clock, name: str, password: str, sentence: str
) -> None:
    join(people, "ada", "annotator", clock())
    made = make(people, "annotator", clock())
    with pytest.raises(UserError, match=sentence):
        joining.accept(people, Answer(made.secret, name, password), clock())
    assert joining.accept(people, Answer(made.secret, "carl", PASSWORD), clock()).account.name == "carl"


def test_the_name_of_a_disabled_account_stays_taken(people: People, clock: Clock) -> None:
    caller = join(people, "ada", "annotator", clock())
    managing.disable(people, caller.account.id, Doer("eve"), clock())
    with pytest.raises(UserError, match="taken"):
        join(people, "Ada", "annotator", clock())


def test_the_first_start_invites_an_owner_until_there_is_one(people: People, clock: Clock) -> None:
    first = joining.first_owner(people, clock())
    second = joining.first_owner(people, clock())
    assert first is not None
    assert second is not None
    with pytest.raises(UserError, match="has ended"):
        joining.accept(people, Answer(first.secret, "ada", PASSWORD), clock())
    assert joining.accept(people, Answer(second.secret, "ada", PASSWORD), clock()).role == "owner"
    assert joining.first_owner(people, clock()) is None


def test_a_reset_link_sets_a_new_password_and_ends_all_sessions(people: People, clock: Clock) -> None:
    caller = join(people, "ada", "reviewer", clock())
    issued = managing.issue(people, caller.account, Wanted("x", "reviewer"), Doer("ada"), clock())
    assert by_token(people, issued.secret, None, clock()) is not None
    made = joining.reset(people, caller.account.id, Doer("eve"), clock())
    assert joining.offered(people, made.secret, clock()) == ("reviewer", "ada")
    fresh = joining.accept(people, Answer(made.secret, "ignored", "another password"), clock())
    assert (fresh.account.name, fresh.role) == ("ada", "reviewer")
    assert by_session(people, caller.secret, None, clock()) is None
    assert by_token(people, issued.secret, None, clock()) is None
    with pytest.raises(DeniedError):
        enter(people, "ada", clock())
    enter(people, "ada", clock(), "another password")
    with pytest.raises(UserError, match="already used"):
        joining.accept(people, Answer(made.secret, "", PASSWORD), clock())


def test_a_reset_link_lets_no_disabled_account_in(people: People, clock: Clock) -> None:
    caller = join(people, "ada", "annotator", clock())
    entry = Doer("eve")
    made = joining.reset(people, caller.account.id, entry, clock())
    managing.disable(people, caller.account.id, Doer("eve"), clock())
    with pytest.raises(UserError, match="disabled"):
        joining.accept(people, Answer(made.secret, "", "another password"), clock())
    with pytest.raises(UserError, match="no such account"):
        joining.reset(people, caller.account.id, entry, clock())
