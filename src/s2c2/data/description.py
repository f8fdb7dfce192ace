"""``dataset.yaml``: what a dataset is called, its classes, and under which terms it may be used."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from s2c2.errors import UserError, command_line, meant, unknown

SIZE = 32
"""Training size in pixels, where neither a configuration nor the dataset has one."""
SIZES = range(8, 2049)
"""Training sizes in pixels that make sense."""


@dataclass(frozen=True)
class Description:
    """The fields of ``dataset.yaml``."""

    name: str
    classes: tuple[str, ...]
    """At least two different names."""
    licence: str | None = None
    citation: str | None = None
    size: int | None = None
    """Training size in pixels that suits the images."""


def read_description(root: Path) -> Description:
    """Read ``dataset.yaml`` of a dataset folder.

    Raises:
        UserError: when there is none, and for its wrong fields, all at once.
    """
    path = root / "dataset.yaml"
    if not path.is_file():
        raise UserError(_missing(root))
    try:
        fields = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, OSError, ValueError) as error:
        raise UserError(f"cannot read {path}: {' '.join(str(error).split())}") from error
    try:
        return describe(fields)
    except UserError as error:
        raise UserError(f"{path}: {error}") from error


def describe(fields: Any) -> Description:
    """Turn the fields of ``dataset.yaml`` into a value.

    Raises:
        UserError: names all problems at once.

    Example:
        >>> describe({"name": "pets", "classes": ["cat", "dog"]}).classes
        ('cat', 'dog')
    """
    if not isinstance(fields, dict):
        raise UserError("must hold keys and values, such as 'name: pets'")
    keys = (str(unknown("key", str(key), _PROBLEM)) for key in fields if key not in _PROBLEM)
    values = (f"{key}: {text}" for key, find in _PROBLEM.items() if (text := find(fields.get(key))))
    problems = [*keys, *values]
    if problems:
        raise UserError("; ".join(problems))
    return Description(**(fields | {"classes": tuple(fields["classes"])}))


def description_text(description: Description) -> str:
    """Return the text of ``dataset.yaml``."""
    fields = vars(description) | {"classes": list(description.classes)}
    present = {key: value for key, value in fields.items() if value is not None}
    return yaml.safe_dump(present, sort_keys=False, allow_unicode=True)


def _missing(root: Path) -> str:
    if not root.exists():
        near = meant(root.name, [path.parent.name for path in sorted(root.parent.glob("*/dataset.yaml"))])
        return f"no dataset folder {root}" + (f": did you mean {root.parent / near}?" if near else "")
    if not root.is_dir():
        return f"{root} is a file: a dataset is a folder with dataset.yaml and images/"
    return (
        f"{root} has no dataset.yaml: to make a dataset of a plain folder of images, "
        f"run: {command_line('data', 'import', root, 'DEST', '--format', 'folders')}"
    )


def _name(value: Any) -> str | None:
    if value is None:
        return "is missing"
    return None if _is_text(value) else f"must be text, not {value!r}"


def _optional_text(value: Any) -> str | None:
    return None if value is None or _is_text(value) else f"must be text, not {value!r}"


def _classes(value: Any) -> str | None:
    if value is None:
        return "is missing"
    if not isinstance(value, list) or len(value) < 2:
        return "must list at least two class names"
    wrong = [item for item in value if not _is_text(item) or item != item.strip()]
    if wrong:
        return f"{wrong[0]!r} is not a class name: write it in quotes, without blanks around it"
    strange = [item for item in value if not item.isprintable()]
    if strange:
        return f"{strange[0]!r} is not a class name: take out line breaks, tabs and signs that cannot be seen"
    twice = [item for item in dict.fromkeys(value) if value.count(item) > 1]
    return f"'{twice[0]}' is listed twice" if twice else None


def _size(value: Any) -> str | None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    if value is None or (whole and value in SIZES):
        return None
    return f"must be a whole number of pixels from {SIZES.start} to {SIZES.stop - 1}, not {value!r}"


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


_PROBLEM: dict[str, Callable[[Any], str | None]] = {
    "name": _name,
    "classes": _classes,
    "licence": _optional_text,
    "citation": _optional_text,
    "size": _size,
}
