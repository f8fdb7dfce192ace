"""The simulated consistency study after a run and its plain partner."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from s2c2.experiments.planned import Planned, Spread
from s2c2.metrics.consistency import study
from s2c2.runs import Run, dataset_of
from s2c2.simulation import Crowd, answered


@dataclass(frozen=True)
class Consistent:
    """What simulated annotators answer with no, plain and S2C2 proposals (paper §3.6, Table 3)."""

    crowd: Crowd
    """Who annotates."""
    name: str = "consistency"

    @property
    def settings(self) -> dict[str, Any]:
        """The crowd as plain values."""
        return asdict(self.crowd)

    def __call__(self, run: Path, against: Path | None) -> dict[str, Any] | None:
        """Return what each arm shows on the validation images; None without the plain partner."""
        if against is None:
            return None
        opened = Run(run)
        ours, plain = (one.predictions().of("validation") for one in (opened, Run(against)))
        truth = dataset_of(opened).annotations
        log = answered((ours, plain), truth, self.crowd, int(opened.config["seed"]))
        return {"settings": self.settings, "arms": [asdict(arm) for arm in study(log, truth)]}


def consistent(runs: Sequence[Planned], spread: Spread) -> list[Planned]:
    """Return the runs, of which those with a plain partner are followed by a study."""
    fact = Consistent(spread.crowd)
    return [run if run.entry.against is None else replace(run, facts=(fact,)) for run in runs]
