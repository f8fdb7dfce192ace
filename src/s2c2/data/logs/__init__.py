"""Annotation logs: the value, and what other tools read and write of it."""

from collections.abc import Mapping

from s2c2.data.logs import cleanlab, crowd_kit, dcic, fiftyone, imagefolder, label_studio, plain
from s2c2.data.logs import label_studio_reading as label_studio_in
from s2c2.data.logs.exchange import Export, Exporter, Extras, Given, Importer
from s2c2.data.logs.log import Log, joined
from s2c2.errors import chosen

__all__ = [
    "ENDINGS",
    "EXPORTERS",
    "IMPORTERS",
    "Export",
    "Exporter",
    "Extras",
    "Given",
    "Importer",
    "Log",
    "exporter",
    "importer",
    "joined",
]

EXPORTERS: Mapping[str, Exporter] = {
    "parquet": plain.parquet,
    "csv": plain.csv,
    "label-studio": label_studio.write,
    "fiftyone": fiftyone.write,
    "imagefolder": imagefolder.write,
    "crowd-kit": crowd_kit.write,
    "cleanlab": cleanlab.write,
    "dcic": dcic.write,
}
"""The formats that a log can be written in, by name."""
IMPORTERS: Mapping[str, Importer] = {
    "parquet": plain.read,
    "csv": plain.read,
    "label-studio": label_studio_in.read,
    "fiftyone": fiftyone.read,
    "imagefolder": imagefolder.read,
    "crowd-kit": crowd_kit.read,
    "cleanlab": cleanlab.read,
    "dcic": dcic.read,
}
"""The formats that a log can be read from, by name."""

ENDINGS: Mapping[str, str] = {"parquet": ".parquet", "csv": ".csv", "crowd-kit": ".csv"}
"""Formats that are one file, and how its name ends; the others are folders."""


def exporter(name: str) -> Exporter:
    """Return the exporter of a format.

    Raises:
        UserError: for a format that does not exist.
    """
    return chosen("format", name, EXPORTERS)


def importer(name: str) -> Importer:
    """Return the importer of a format.

    Raises:
        UserError: for a format that does not exist.
    """
    return chosen("format", name, IMPORTERS)
