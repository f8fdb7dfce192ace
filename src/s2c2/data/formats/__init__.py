"""Importers: what lies on people's disks, as a ``Source`` that becomes a dataset folder."""

from collections.abc import Mapping

from s2c2.data.formats import cifar10h, counts, dc3, dcic, folders, imagefolder, stl10, table
from s2c2.data.formats.options import Importer, ImportOptions
from s2c2.errors import chosen

__all__ = ["FORMATS", "ImportOptions", "Importer", "importer"]

FORMATS: Mapping[str, Importer] = {
    "folders": folders.read,
    "table": table.read,
    "counts": counts.read,
    "cifar10h": cifar10h.read,
    "stl10": stl10.read,
    "dc3": dc3.read,
    "dcic": dcic.read,
    "imagefolder": imagefolder.read,
}
"""The formats that can be imported, by name."""


def importer(name: str) -> Importer:
    """Return the importer of a format.

    Raises:
        UserError: for a format that does not exist.
    """
    return chosen("format", name, FORMATS)
