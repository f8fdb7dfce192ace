"""Settings of an experiment beside those of its runs: plain values become a dataclass, mistakes are named."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar

from s2c2.errors import UserError, unknown

T = TypeVar("T")


def settled(usual: T, values: Any, path: str) -> T:
    """Return a dataclass with some fields replaced.

    Args:
        usual: the defaults; their types are those that are possible.
        values: nested values by field name.
        path: what people call it, as in ``budget``.

    Raises:
        UserError: for a field that does not exist, and a value of another kind.
    """
    if not isinstance(values, Mapping):
        raise UserError(f"{path} = {values!r}: set its parts, as in {path}.{fields(usual)[0].name}=…")  # type: ignore[arg-type]
    names = [field.name for field in fields(usual)]  # type: ignore[arg-type]
    for name in values:
        if name not in names:
            raise unknown("setting", f"{path}.{name}", [f"{path}.{possible}" for possible in names])
    given = {name: _value(getattr(usual, name), value, f"{path}.{name}") for name, value in values.items()}
    kept = {name: getattr(usual, name) for name in names if name not in given}
    return type(usual)(**kept | given)


def _value(usual: Any, value: Any, path: str) -> Any:
    """Return a value of the kind that the default has; a number may be whole where a share is usual."""
    if is_dataclass(usual):
        return settled(usual, value, path)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if isinstance(usual, float) and number:
        return value if path in WHOLE else float(value)
    if type(value) is not type(usual):
        raise UserError(f"{path} = {value!r}: give a value such as {usual!r}")
    return value


WHOLE = ("budget.images",)
"""Settings that are a share by default and may be a number."""
