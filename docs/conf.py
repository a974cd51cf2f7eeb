"""The configuration of Sphinx. `make docs` builds the site."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import flask_cors_rs

if TYPE_CHECKING:
    from sphinx.application import Sphinx

HERE = Path(__file__).parent

project = "flask-cors-rs"
author = "The flask-cors-rs developers"
project_copyright = author
version = release = flask_cors_rs.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.intersphinx",
    "sphinx_click",
    "sphinx_copybutton",
]
exclude_patterns = ["_build", "playground/node_modules", "playground/README.md"]
source_suffix = {".md": "markdown"}

myst_enable_extensions = ["attrs_block", "colon_fence", "deflist"]
myst_heading_anchors = 4
suppress_warnings = ["myst.header"]

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_default_options = {"members": True, "show-inheritance": False}

# Other sites are asked only where the site is published: a build needs no network.
intersphinx_mapping = (
    {
        "python": ("https://docs.python.org/3/", None),
        "flask": ("https://flask.palletsprojects.com/en/stable/", None),
        "werkzeug": ("https://werkzeug.palletsprojects.com/en/stable/", None),
    }
    if "DOCS_INTERSPHINX" in os.environ
    else {}
)

html_theme = "furo"
html_title = "flask-cors-rs"
html_static_path = ["_static"]
html_extra_path = ["playground/built"] if (HERE / "playground" / "built").exists() else []
html_show_sphinx = False
html_theme_options = {
    "source_repository": "https://github.com/flask-cors-rs/flask-cors-rs/",
    "source_branch": "main",
    "source_directory": "docs/",
}
html_baseurl = os.environ.get("DOCS_BASE_URL", "")

copybutton_prompt_text = r"\$ |>>> "
copybutton_prompt_is_regexp = True

REPOSITORY = "https://github.com/flask-cors-rs/flask-cors-rs/blob/main"


def _as_on_github(_app: Sphinx, _page: str, source: list[str]) -> None:
    """Read anchors in HTML, and links to files outside of the documentation, as GitHub does."""
    text = re.sub(r'^<a id="([\w-]+)"></a>\n', r"(\1)=\n", source[0], flags=re.MULTILINE)
    source[0] = re.sub(r"\]\(\.\./", f"]({REPOSITORY}/", text)


def setup(app: Sphinx) -> None:
    """Extend Sphinx."""
    app.connect("source-read", _as_on_github)
