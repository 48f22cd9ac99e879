"""Sphinx extension: the package's docstrings are plain text with `code` in backticks; autodoc wants reStructuredText.

A paragraph stays one; lines that begin "name: " or "name, name: ", or two columns of names and texts, become a list of
arguments; other indented lines, such as formulas and listings, are kept as they stand.
"""

import re

ARGUMENT = re.compile(r"^\w+(, \w+)*: ")
COLUMN = re.compile(r"^(\w+) {2,}(?=\S)")
SPECIAL = re.compile(r"([\\*|]|_(?!\w))")  # of reStructuredText, outside of code


def prose(text):
    """One line of plain text as reStructuredText: `code` becomes literal, all else stands for itself."""
    parts = text.split("`")
    if len(parts) % 2 == 0:  # a backtick without its partner is no code
        return SPECIAL.sub(r"\\\1", text.replace("`", "'"))
    return "".join(f"``{part}``" if i % 2 else SPECIAL.sub(r"\\\1", part) for i, part in enumerate(parts))


def paragraph(lines):
    """The lines of one paragraph, which has no blank line."""
    if all(line.startswith(" ") or COLUMN.match(line) for line in lines) and COLUMN.match(lines[0]):
        lines = [COLUMN.sub(r"\1: ", line).strip() for line in lines]
    if any(line.startswith(" ") for line in lines):
        return ["::", "", *(f"    {line}" for line in lines), ""]
    out, listed = [], False
    for line in lines:
        if ARGUMENT.match(line):
            out += [] if listed or not out else [""]
            out.append(f"- {prose(line)}")
            listed = True
        else:
            out.append(f"  {prose(line)}" if listed else prose(line))
    return [*out, ""]


def convert(app, what, name, thing, options, lines):
    """Rewrite `lines` in place, as autodoc-process-docstring asks."""
    blocks, block = [], []
    for line in [*lines, ""]:
        if line.strip():
            block.append(line.rstrip())
        elif block:
            blocks.append(block)
            block = []
    lines[:] = [line for block in blocks for line in paragraph(block)]


def setup(app):
    app.connect("autodoc-process-docstring", convert)
    return {"parallel_read_safe": True}
