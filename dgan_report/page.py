"""What tables and figures of a page have in common: HTML for a notebook, a numbered caption, a name to link to."""

import re
from html import escape

NUMBERED = re.compile(r"(Figure|Table) ([A-Z]?\d+)\. ")


def anchor(caption):
    """What a link to a numbered figure or table ends in: "figure-d1" for Figure D1, "" without a number."""
    numbered = NUMBERED.match(caption)
    return "-".join(numbered.groups()).lower() if numbered else ""


def captioned(caption):
    """The caption as HTML, its number in bold."""
    return NUMBERED.sub(r"<strong>\1 \2.</strong> ", escape(caption), count=1)


class Html:
    """An object that a notebook shows as HTML, so that the report needs no IPython."""

    def __init__(self, text):
        self.text = text

    def _repr_html_(self):
        return self.text
