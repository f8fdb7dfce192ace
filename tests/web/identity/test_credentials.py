import secrets
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from s2c2.web.identity.credentials import csrf, digest, same, secret


def test_a_secret_has_256_random_bits() -> None:
    asked = []

    def draw(size: int) -> bytes:
        asked.append(size)
        return bytes(range(size))

    assert secret("session", draw) == "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
    assert asked == [32]
    assert secret("token", draw).startswith("s2c2_")


def test_secrets_differ() -> None:
    assert set(Counter(secret("invite", secrets.token_bytes) for _ in range(100)).values()) == {1}


def test_digest_of_known_text() -> None:
    assert digest("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@given(st.text(st.characters()), st.text(st.characters()))
def test_same_is_equality(first: str, second: str) -> None:
    assert same(first, second) == (first == second)
    assert same(first, first)


def test_the_csrf_token_says_nothing_of_the_session() -> None:
    assert csrf("a") != csrf("b")
    assert csrf("a") != digest("a")
    assert len(csrf("a")) == 64
