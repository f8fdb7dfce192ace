"""The annotation log as a value: one row an answer, what it said, what was shown, and how long it took."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from jaxtyping import Float64

from s2c2.data.answers import PASS, SCHEMA
from s2c2.data.layout import spelled
from s2c2.data.logs.checks import checked
from s2c2.errors import UserError


@dataclass(frozen=True, eq=False)
class Log:
    """A log of answers. Rows are only ever added: an answer that was taken back is a row that is not live."""

    table: pl.DataFrame
    """The columns of :data:`SCHEMA`, in the order in which the answers came."""
    classes: tuple[str, ...]
    """The k class names; a ``distribution`` has one share for each, in this order."""
    ignored: tuple[str, ...] = ()
    """Columns of the table it was built from that a log does not have."""
    notes: tuple[str, ...] = ()
    """What was not taken as it stands, a sentence each, for the person who imports."""

    @classmethod
    def build(cls, frame: pl.DataFrame, classes: Sequence[str] | None = None) -> "Log":
        """Check a table and fill the columns that it lacks.

        Only ``image`` and one of ``label`` and ``distribution`` are needed. Without the others: annotator
        ``""``, round 1, arm ``none``, everything live, and the kind that follows from the answer.

        Args:
            frame: the table; columns that a log does not have are left out.
            classes: the class names in their order; without them, those in use, sorted.

        Raises:
            UserError: names the row (the first one is 1) and the value of what is wrong.

        Example:
            >>> log = Log.build(pl.DataFrame({"image": ["a.png"], "label": ["cat"]}), ["cat", "dog"])
            >>> log.table["kind"].to_list(), log.shares().tolist()
            (['label'], [[1.0, 0.0]])
        """
        table, known = checked(frame, SCHEMA, None if classes is None else tuple(classes))
        return cls(table, known, tuple(name for name in frame.columns if name not in SCHEMA))

    def __len__(self) -> int:
        return self.table.height

    def where(self, *conditions: pl.Expr) -> "Log":
        """Return the rows that fulfil all conditions."""
        return replace(self, table=self.table.filter(*conditions))

    def spelled(self, images: Collection[str]) -> "Log":
        """Return the log with its images named as these are, whichever form of Unicode it has them in."""
        return replace(self, table=self.table.with_columns(spelled(self.table["image"], images)))

    def answers(self) -> "Log":
        """Return one row for each image, annotator, round and arm: the last one that is live.

        Annotators without a name cannot be told apart: each of their rows is an answer of somebody else.

        Its ``seconds`` and ``wall`` are those of all rows of the answer, also of those taken back: the time
        was spent. An answer of which nothing is live is left out. A flag is a mark beside an answer: it
        stands only where there is no other.
        """
        times = [_sum(name) for name in ("seconds", "wall")]
        plain = pl.col("live") & (pl.col("kind") != "flag")
        counts = pl.col("live") & (plain | ~plain.any().over(PASS))
        rows = self.table.with_columns(_counts=counts).with_row_index("_row")
        number = pl.when("_counts").then("_row").backward_fill().forward_fill().over(PASS)
        rows = rows.with_columns(_one=pl.when(pl.col("annotator") == "").then(number))
        last = pl.exclude(*PASS, "_one", "seconds", "wall").filter(pl.col("_counts")).last()
        kept = rows.group_by(*PASS, "_one", maintain_order=True).agg(last, *times)
        kept = kept.filter(pl.col("_row").is_not_null())
        return replace(self, table=kept.sort("_row").select(*SCHEMA))

    def judgements(self) -> "Log":
        """Return the answers that say something of the class: with a label or a distribution."""
        said = pl.col("label").is_not_null() | pl.col("distribution").is_not_null()
        return self.answers().where(said)

    def settled(self) -> "Log":
        """Return the judgements; where a reviewer decided an image, the last decision alone."""
        rows = self.judgements().table.with_row_index("_row")
        decided = rows.filter(pl.col("kind") == "decide").group_by("image").agg(pl.col("_row").max())
        chosen = rows.join(decided, on="image", how="left", suffix="_decided", maintain_order="left")
        kept = chosen.filter(pl.col("_row_decided").is_null() | (pl.col("_row") == pl.col("_row_decided")))
        return replace(self, table=kept.select(*SCHEMA))

    def shares(self) -> Float64[np.ndarray, "m k"]:
        """Return what each row says as a distribution over the classes; all zero where it says nothing."""
        number = {name: i for i, name in enumerate(self.classes)}
        said = np.zeros((len(self), len(self.classes)))
        for row, (label, spread) in enumerate(self.table.select("label", "distribution").iter_rows()):
            if spread is not None:
                said[row] = np.array(spread) / sum(spread)
            elif label is not None:
                said[row, number[label]] = 1
        return said


def joined(logs: Sequence[Log]) -> Log:
    """Return several logs as one; a row that two of them hold, as after two exports, is kept once.

    Rows are the same when key, image, annotator, round and arm are; rows without a key all stay.

    Raises:
        UserError: without a log, or when they have other classes.
    """
    if not logs:
        raise UserError("name at least one annotation log")
    if any(log.classes != logs[0].classes for log in logs):
        raise UserError("the annotation logs have other classes: give them in one order with --dataset")
    rows = pl.concat([log.table for log in logs])
    first = pl.struct("key", *PASS).is_first_distinct() | pl.col("key").is_null()
    ignored = dict.fromkeys(name for log in logs for name in log.ignored)
    return replace(logs[0], table=rows.filter(first), ignored=tuple(ignored))


def _sum(name: str) -> pl.Expr:
    """Return the sum of a column; null, not zero, where nothing was timed."""
    return pl.when(pl.col(name).count() > 0).then(pl.col(name).sum()).alias(name)
