"""The command line: a thin skin over the Python API. Heavy imports wait until a command needs them."""

import io
import os
import sys
from importlib.metadata import version
from typing import Annotated

import typer

from s2c2.cli import (
    annotate,
    annotations,
    bench,
    configs,
    datasets,
    demo,
    experiment,
    people,
    replay,
    runs,
    simulate,
)
from s2c2.cli.screen import several
from s2c2.errors import UserError
from s2c2.memory import exhausted

app = typer.Typer(
    help="Learn from images whose labels are ambiguous.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(datasets.app, name="data")
app.add_typer(configs.app, name="config")
app.add_typer(annotations.app, name="annotations")
app.add_typer(people.app, name="accounts")
app.command()(runs.train)
app.command()(replay.replay)
app.command()(runs.predict)
app.command()(runs.evaluate)
app.command()(runs.propose)
app.command()(runs.report)
app.command()(experiment.experiment)
app.command()(simulate.simulate)
app.command()(annotate.annotate)
app.command()(demo.demo)
app.command()(bench.bench)


def _version(asked: bool) -> None:
    if asked:
        print(f"s2c2 {version('s2c2')}")
        raise typer.Exit


@app.callback()
def start(
    asked: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_version, help="show the version and exit")
    ] = False,
) -> None:
    """Learn from images whose labels are ambiguous."""


INTERRUPTED = 130
"""Exit code after Ctrl-C."""


def main() -> None:
    """Run a command; what a person did wrong is one line and exit code 2, never a traceback."""
    lenient()
    # Threads that spin while they wait cost 3.5 × beside a busy process. OpenMP reads this with torch.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        app()
    except UserError as error:
        for line in str(error).splitlines():
            print(f"{name()}: {line}", file=sys.stderr)
        raise SystemExit(2) from None
    except BrokenPipeError:
        raise SystemExit(1) from None
    except OSError as error:
        print(f"{name()}: {error.filename or 'input or output'}: {error.strerror or error}", file=sys.stderr)
        raise SystemExit(2) from None
    except (MemoryError, RuntimeError) as error:
        if not exhausted(error):
            raise
        print(
            f"{name()}: out of memory: {str(error).splitlines()[0] if str(error) else error!r}",
            file=sys.stderr,
        )
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        print(f"{name()}: stopped.", file=sys.stderr)
        raise SystemExit(INTERRUPTED) from None


def lenient() -> None:
    """Print a question mark for each letter that the encoding of the output lacks."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def name() -> str:
    """Return who speaks: ``s2c2``, with the number of the process where ``torchrun`` started several."""
    return f"s2c2 (rank {os.environ.get('RANK')})" if several(os.environ) else "s2c2"
