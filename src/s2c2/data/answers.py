"""What an annotation log has of each answer. Nothing is imported that a server would have to wait for."""

from collections.abc import Mapping

import polars as pl

SCHEMA: Mapping[str, pl.DataType] = {
    "image": pl.String(),
    "annotator": pl.String(),
    "round": pl.Int64(),
    "arm": pl.String(),
    "label": pl.String(),
    "kind": pl.String(),
    "distribution": pl.List(pl.Float64()),
    "proposal": pl.String(),
    "strength": pl.Float64(),
    "shown": pl.Boolean(),
    "hidden": pl.String(),
    "group": pl.String(),
    "group_kind": pl.String(),
    "selected": pl.Int64(),
    "seconds": pl.Float64(),
    "wall": pl.Float64(),
    "client_time": pl.String(),
    "server_time": pl.String(),
    "key": pl.String(),
    "live": pl.Boolean(),
}
"""Columns of an annotation log and their types; ``docs/howto/annotations.md`` says what each means.

``label`` is null for ``skip``, for ``flag``, and for a distribution without a class above one half.
``proposal`` and ``strength`` are null where none was shown; an answer among the misfits, or in a part of a
group, has the proposal of the group that the image was taken from. ``hidden`` is the class that a study would
have proposed but did not show, null elsewhere. ``seconds`` (of work) and ``wall`` are those of the act over
the number of its images, with those of the acts before it that answer nothing. ``live`` is false for what was
undone, and for what the same annotator later answered anew, or took back by marking the image as a misfit.
"""
PASS = ("image", "annotator", "round", "arm")
"""Columns that name one answer; several rows of it are changes of mind."""
