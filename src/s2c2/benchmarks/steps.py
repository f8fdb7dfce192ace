"""What steps cost: each case beside the plain step and beside the others, in turn."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

from s2c2.benchmarks.cases import NETWORKS, REPEATS, Asked, Case, cases, views_of
from s2c2.benchmarks.step import PARTS
from s2c2.benchmarks.timing import Sample, column, interleaved, ratio, spread
from s2c2.benchmarks.worker import working

PLAIN = "plain"
"""Name of the step that the others are held against."""


def rows(asked: Asked) -> list[dict[str, Any]]:
    """Return a row for each case, and one for the plain step of FixMatch where that is asked for."""
    wanted = {case.name: case for case in cases(asked)}
    processes = {name: ("step", case.options(asked)) for name, case in wanted.items()}
    if "fixmatch" in asked.algorithms:
        processes = {PLAIN: ("plain", plain(asked))} | processes
    with ExitStack() as stack:
        works = {
            name: stack.enter_context(working(*what, asked.threads, ready=asked.device == "cpu"))
            for name, what in processes.items()
        }
        samples = interleaved(works, asked.rounds)
    return [row(name, wanted.get(name), samples, asked) for name in works]


def clock(asked: Asked) -> str:
    """Return which seconds count: a processor's hold on a busy machine, a card's are those that one waits."""
    return "wall_s" if asked.device == "cuda" else "cpu_s"


def plain(asked: Asked) -> dict[str, Any]:
    """Return what the process of the plain step is told."""
    depth, width = NETWORKS[asked.network]
    given = {"device": asked.device, "steps": REPEATS[asked.device]}
    return {"depth": depth, "width": width, "batch": asked.batch, "size": asked.size} | given


def row(
    name: str, case: Case | None, samples: Mapping[str, Sequence[Sample]], asked: Asked
) -> dict[str, Any]:
    """Return what a case costs, where the time goes, and the ratios of neighbouring samples."""
    own, timed = samples[name], clock(asked)
    seconds = spread(column(own, timed))
    views = views_of(case.algorithm if case else "fixmatch", asked.batch)
    peaks = {key: max(column(taken, "peak_bytes")) for key, taken in samples.items()}
    found: dict[str, Any] = {
        "case": name,
        "network": asked.network,
        "batch": asked.batch,
        "seconds": seconds.rounded(),
        "wall_seconds": round(spread(column(own, "wall_s")).median, 3),
        "images_per_s": round(views / seconds.median, 1),
        "peak_mib": round(peaks[name] / 2**20),
    }
    if PLAIN in samples and (case is None or case.algorithm == "fixmatch"):
        found["times_plain"] = ratio(column(samples[PLAIN], timed), column(own, timed)).rounded(2)
    if case is None:
        return found
    found |= {"shares": shares(own), "gflops": round(own[-1]["flops"] / seconds.median / 1e9, 1)}
    vanilla = name.replace(" s2c2 ", " vanilla ")
    if vanilla in samples and vanilla != name:
        found["over_vanilla"] = ratio(column(own, timed), column(samples[vanilla], timed)).rounded(3)
        found["memory_over_vanilla"] = round(peaks[name] / peaks[vanilla], 3)
    return found


def shares(samples: Sequence[Sample]) -> dict[str, float]:
    """Return the share of each part of the steps."""
    totals = {part: sum(column(samples, f"{part}_s")) for part in PARTS}
    return {part: round(total / sum(totals.values()), 4) for part, total in totals.items()}


def ceilings(
    asked: Asked, product: Callable[[Asked, str], list[float]] | None = None
) -> list[dict[str, Any]]:
    """Return the operations a second of a matrix product in each number format."""
    return [
        {"precision": precision, "gflops": (product or products)(asked, precision)}
        for precision in ("float32", "bfloat16")
    ]


def products(asked: Asked, precision: str) -> list[float]:
    """Return median and quartiles of 10⁹ operations a second of a matrix product."""
    side = {"cpu": 2048, "cuda": 8192}[asked.device]
    options = {"precision": precision, "side": side, "device": asked.device}
    with working("ceiling", options, asked.threads) as ask:
        taken = interleaved({"product": ask}, 2 * asked.rounds)["product"]
    rates = [sample["flops"] / sample[clock(asked)] / 1e9 for sample in taken]
    return spread(rates).rounded(1)
