"""Settings of the documentation."""

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

autodoc_default_options = {"members": True, "show-inheritance": False, "member-order": "bysource"}
autodoc_typehints = "none"
autodoc_preserve_defaults = True
napoleon_google_docstring = True
napoleon_numpy_docstring = False

# Several values have a field of the same name, such as ambiguity, and napoleon links such words in prose.
suppress_warnings = ["ref.python"]
