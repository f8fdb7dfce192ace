import ast
import shlex
from collections.abc import Iterator
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

import s2c2
from s2c2.errors import UserError, command_line, unknown

SOURCES = Path(s2c2.__file__).parent


def test_unknown_names_what_was_given_and_what_exists() -> None:
    error = unknown("class", "act", ["cat", "dog"])
    assert isinstance(error, UserError)
    assert str(error) == "unknown class 'act': did you mean 'cat'? Possible: cat, dog"


def test_unknown_guesses_only_what_is_close() -> None:
    assert str(unknown("format", "zzz", ["folders"])) == "unknown format 'zzz': Possible: folders"


def test_unknown_takes_any_iterable_once() -> None:
    assert "Possible: a, b" in str(unknown("letter", "c", iter("ab")))


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1)))
def test_a_shell_reads_a_command_line_as_it_was_made(words: list[str]) -> None:
    assert shlex.split(command_line(*words)) == ["s2c2", *words]


def spelled(path: Path) -> Iterator[str]:
    """Yield what stands in a message as a command with a value in it that is not quoted."""
    for message in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(message, ast.JoinedStr):
            continue
        said = "".join(str(part.value) if isinstance(part, ast.Constant) else "\0" for part in message.values)
        for call in said.split("s2c2 ")[1:]:
            command = call.split("'")[0].split(";")[0]
            if command[:1].isalpha() and "\0" in command:
                yield f"{path}:{message.lineno}: s2c2 {command}"


def test_no_message_spells_a_command_with_a_name_as_it_is() -> None:
    assert [found for path in sorted(SOURCES.rglob("*.py")) for found in spelled(path)] == []
