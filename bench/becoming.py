"""What a process does that was forked to run a command: that, and end."""

import os
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from s2c2.cli import main


def become(
    arguments: Sequence[str], cwd: Path, said: int, begin: Callable[[], object] = lambda: None
) -> NoReturn:
    """Run the command line in a folder and end, whatever happens.

    Args:
        arguments: the command.
        cwd: the folder.
        said: descriptor of what it prints to.
        begin: called right before the command.
    """
    code: object = 1
    try:
        os.chdir(cwd)
        for number in (1, 2):
            os.dup2(said, number)
        sys.argv = ["s2c2", *arguments]
        begin()
        main()
        code = 0
    except SystemExit as error:
        code = error.code or 0
    except BaseException:
        traceback.print_exc()
    with suppress(Exception):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 1)
