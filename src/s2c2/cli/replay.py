"""``s2c2 replay``."""

from typing import TYPE_CHECKING, Annotated

import typer

from s2c2.cli import screen
from s2c2.cli.runs import RunFolder

if TYPE_CHECKING:
    from s2c2.experiments.replay import Replayed, Suspect


def replay(
    run: RunFolder,
    shown: Annotated[int, typer.Option("--images", min=0, help="views of images to show")] = 10,
) -> None:
    """Repeat the step at which a training was not finite, and name the images; nothing is written."""
    from s2c2.experiments.replay import replay as replayed

    with screen.progress("replaying") as advance:
        found = replayed(run, lambda done, total: advance(done, total, ""))
    for text in (*found.problems, *said(found)):
        screen.console.print(text)
    rows = [(name, repr(value), repr(found.recorded.get(name))) for name, value in found.losses.items()]
    screen.table("losses of the step", ("term", "now", "when it failed"), rows)
    suspects = [row(suspect) for suspect in found.suspects[:shown]]
    title = f"the {len(suspects)} worst of {len(found.suspects)} views of images"
    screen.table(title, ("image", "view", "not finite", "largest finite output"), suspects)


def said(found: "Replayed") -> list[str]:
    """Return what a person should know of a replayed step."""
    bad = len({suspect.image for suspect in found.suspects if suspect.heads})
    images = len({suspect.image for suspect in found.suspects})
    again = (
        "the losses are those of the run, bit for bit" if found.same else "the losses differ from the run's"
    )
    gradients = ", ".join(found.gradients[:3]) + (", …" if len(found.gradients) > 3 else "")
    return [
        f"step {found.step}, from the weights of step {found.start}: {again}",
        f"outputs that are not finite: {bad} of {images} images",
        f"gradients that are not finite: {len(found.gradients)} parameters"
        + (f" ({gradients})" if gradients else ""),
    ]


def row(suspect: "Suspect") -> tuple[str, str, str, str]:
    """Return a line of the table."""
    return suspect.image, suspect.view, ", ".join(suspect.heads) or "–", f"{suspect.largest:.4g}"
