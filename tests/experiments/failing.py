"""Jobs that fail with errors which cannot come from another process as they are."""

import threading


class PickyError(Exception):
    """It is made from other arguments than it passes on: it can be sent and not be read."""

    def __init__(self, part: str, number: int) -> None:
        super().__init__(f"{part} {number} is not there")


class HoldingError(Exception):
    """It holds something that cannot be sent."""

    def __init__(self, said: str) -> None:
        super().__init__(said)
        self.lock = threading.Lock()


def picky() -> None:
    raise PickyError("part", 3)


def holding() -> None:
    raise HoldingError("it is held")


SAID = {picky: "PickyError: part 3 is not there", holding: "HoldingError: it is held"}
"""What is to be read of each."""
