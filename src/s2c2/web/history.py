"""Undo and redo: which acts of an annotator count, in which order they can be taken back."""

from bisect import insort
from dataclasses import dataclass, field


@dataclass
class History:
    """The acts of one annotator in one scope."""

    done: list[int] = field(default_factory=list)
    """Numbers of the live acts, rising."""
    undone: list[int] = field(default_factory=list)
    """Numbers of the acts that can be redone, the last undone last; a new act empties it."""

    def did(self, seq: int) -> None:
        """Add a new act."""
        self.done.append(seq)
        self.undone.clear()

    def undo(self, seq: int) -> None:
        """Move a live act to the undone ones."""
        if self.done[-1] == seq:
            self.done.pop()
        else:
            self.done.remove(seq)
        self.undone.append(seq)

    def redo(self, seq: int) -> None:
        """Move an undone act back to its place."""
        self.undone.remove(seq)
        insort(self.done, seq)
