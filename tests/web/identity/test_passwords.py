import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.low_level import Type
from hypothesis import given
from hypothesis import strategies as st

from s2c2.errors import UserError
from s2c2.web.identity.passwords import LONGEST, Passwords, checked_password, hasher
from tests.web.identity.conftest import QUICK

MEGABYTE = "p" * 2**20


@pytest.mark.parametrize(
    ("password", "sentence"),
    [
        ("", "has 0 characters: use 10 or more"),
        ("nine char", "has 9 characters: use 10 or more"),
        ("e\u0301" * 9, "has 9 characters: use 10 or more"),
        ("Ada Lovelace", "is the name"),
        (" ada LOVELACE ", "is the name"),
        ("\ud800" * 12, "half a character"),
        (MEGABYTE, "1048576 characters: use 1000 or fewer"),
    ],
)
def test_rules(password: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence) as caught:
        checked_password(password, "ada lovelace")
    assert not password or password.strip() not in str(caught.value)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=10, max_size=40) | st.just("a\0b" * 5))
def test_a_password_that_passes_opens_and_another_does_not(password: str) -> None:
    try:
        checked = checked_password(password, "ada")
    except UserError:
        return
    passwords = Passwords(QUICK)
    stored = passwords.hash(checked)
    assert passwords.verify(stored, password)
    assert not passwords.verify(stored, password + "x")
    assert not passwords.verify(stored, password[:-1] + chr(ord(password[-1]) ^ 1))


@given(st.text(st.characters(), max_size=30))
def test_any_text_can_be_tried(password: str) -> None:
    passwords = Passwords(QUICK)
    assert not passwords.verify(passwords.hash("another password"), password)
    assert not passwords.verify(None, password)


def test_a_password_counts_to_its_end_and_no_further_than_the_longest(passwords: Passwords) -> None:
    stored = passwords.hash(checked_password("p" * LONGEST, "ada"))
    assert passwords.verify(stored, "p" * LONGEST)
    assert not passwords.verify(stored, "p" * (LONGEST - 1))
    assert not passwords.verify(stored, "p" * (LONGEST + 1))
    assert not passwords.verify(stored, MEGABYTE)
    assert not passwords.verify(passwords.hash("nul\0" * 4), "nul")


def test_one_password_from_two_keyboards(passwords: Passwords) -> None:
    assert passwords.verify(
        passwords.hash(checked_password("caf\u00e9 au lait", "ada")), "cafe\u0301 au lait"
    )


def test_two_hashes_of_one_password_differ(passwords: Passwords) -> None:
    assert passwords.hash("correct horse") != passwords.hash("correct horse")


def test_hashes_are_argon2id_with_the_parameters_of_rfc_9106() -> None:
    parameters = extract_parameters(hasher().hash("x"))
    assert parameters.type is Type.ID
    assert (parameters.time_cost, parameters.memory_cost, parameters.salt_len) == (3, 65536, 16)


def test_a_hash_of_other_parameters_is_outdated_and_still_opens(passwords: Passwords) -> None:
    old = PasswordHasher(time_cost=1, memory_cost=16, parallelism=1).hash("correct horse")
    assert passwords.outdated(old)
    assert passwords.verify(old, "correct horse")
    assert not passwords.outdated(passwords.hash("correct horse"))


@pytest.mark.parametrize("stored", ["", "damaged", "$argon2id$v=19$m=8,t=1,p=1$AAAA$AAAA"])
def test_a_damaged_hash_opens_nothing(passwords: Passwords, stored: str) -> None:
    assert not passwords.verify(stored, "correct horse")
