"""What this book asks of Sphinx: its own version, links to numbered figures, code that a keyboard can scroll."""

import datetime
import re

from docutils import nodes

import dgan_core
from dgan_core.io.environment import environment

FIGURE = re.compile(r'<figure class="dgan-figure" id="((figure|table)-(\w+))"')
BUILT = datetime.datetime.now(datetime.UTC)


def substitute(app, config):
    """{{ version }}, {{ commit }} and {{ date }} of the chapters."""
    facts = {"version": dgan_core.__version__, "commit": environment()["commit"], "date": f"{BUILT:%Y-%m-%d}"}
    config.myst_substitutions = {**config.myst_substitutions, **facts}


def name_figures(app, doctree):
    """Let [](../notebooks/tables.ipynb#table-1) find the numbered tables and figures, HTML of a notebook."""
    known = app.env.metadata[app.env.docname].setdefault("myst_slugs", {})
    for raw in doctree.findall(nodes.raw):
        for name, kind, number in FIGURE.findall(raw.astext()):
            known[name] = (raw.line, name, f"{kind.capitalize()} {number.upper()}")


MENDED = {
    "<pre>": '<pre tabindex="0">',  # long lines scroll sideways, and what scrolls must be reached by the keyboard
    '<div role="list" class="citation-list">': '<div class="citation-list">',  # its entries are no list items
}


def mend(app, pagename, templatename, context, doctree):
    """What Sphinx and its extensions write that a keyboard or a screen reader can't use."""
    for written, mended in MENDED.items():
        if "body" in context:
            context["body"] = context["body"].replace(written, mended)


def setup(app):
    app.connect("config-inited", substitute)
    app.connect("doctree-read", name_figures)
    app.connect("html-page-context", mend)
    return {"version": dgan_core.__version__, "parallel_read_safe": True, "parallel_write_safe": True}
