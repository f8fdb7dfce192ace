from s2c2.errors import UserError, unknown


def test_unknown_names_what_was_given_and_what_exists() -> None:
    error = unknown("class", "act", ["cat", "dog"])
    assert isinstance(error, UserError)
    assert str(error) == "unknown class 'act': did you mean 'cat'? Possible: cat, dog"


def test_unknown_guesses_only_what_is_close() -> None:
    assert str(unknown("format", "zzz", ["folders"])) == "unknown format 'zzz': Possible: folders"


def test_unknown_takes_any_iterable_once() -> None:
    assert "Possible: a, b" in str(unknown("letter", "c", iter("ab")))
