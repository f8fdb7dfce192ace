"""Settings of the documentation."""

import re

from docutils import nodes
from sphinx.application import Sphinx

project = "s2c2"
author = "The s2c2 maintainers"
copyright = author
release = version = "0.1.0"

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.mathjax"]
myst_enable_extensions = ["dollarmath", "colon_fence"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]

html_theme = "furo"
html_title = "s2c2"
html_copy_source = False
html_static_path = ["_static"]
html_css_files = ["wide.css"]

autodoc_default_options = {"members": True, "show-inheritance": False, "member-order": "bysource"}
autodoc_typehints = "none"
autodoc_preserve_defaults = True
napoleon_google_docstring = True
napoleon_numpy_docstring = False

# Several values have a field of the same name, such as ambiguity, and napoleon links such words in prose.
suppress_warnings = ["ref.python"]


def keep_together(app: Sphinx, document: nodes.document) -> None:
    """Keep a deviation with its sign, an interval and a count such as 3 of 3 on one line of a table."""
    for entry in document.findall(nodes.entry):
        for text in list(entry.findall(nodes.Text)):
            kept = re.sub(r"(?<=±) |(?<=\d,) (?=[+−]?\d)|(?<=\d) (?=of \d)|(?<=\d of) (?=\d)", "\u00a0", text)
            if text.parent is not None and kept != text:
                text.parent.replace(text, nodes.Text(kept))


def setup(app: Sphinx) -> None:
    """Register what is above with the build."""
    app.connect("doctree-read", keep_together)
