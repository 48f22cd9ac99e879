"""What tables and figures of a page have in common: HTML for a notebook, captions, provenance, numbers as text."""

import re
from html import escape

import pandas as pd

from dgan_core.config import is_busi
from dgan_core.metrics.table import METRICS, heading

from .results import MODELS

NUMBERED = re.compile(r"(Figure|Table) ([A-Z]?\d+)\. ")
NOT_RUN = "not run"
YARDSTICKS = {
    "efficientnet-lite0": "trained features (EfficientNet-Lite0)",
    "inception": "trained features (Inception)",
    "random-vgg16": "random features (VGG16)",
    "radiomics": "radiomics",
}
PHANTOMS = "simulated phantoms, not patients"
INTERVAL = re.compile(r" (\[[^\]]*\])")
LINK = re.compile(r"\[([^\]]+)\]\(([\w./#-]+)\)")


class Html:
    """An object that a notebook shows as HTML, so that the report needs no IPython."""

    def __init__(self, text):
        self.text = text

    def _repr_html_(self):
        return self.text


def anchor(caption):
    """What a link to a numbered figure or table ends in: "figure-d1" for Figure D1, "" without a number."""
    numbered = NUMBERED.match(caption)
    return "-".join(numbered.groups()).lower() if numbered else ""


def captioned(caption):
    """The caption as HTML, its number in bold."""
    return NUMBERED.sub(r"<strong>\1 \2.</strong> ", escape(caption), count=1)


def named(extractor):
    """An extractor in words."""
    return YARDSTICKS.get(extractor, f"features of {extractor}")


def data_name(value):
    """A data folder by its name only: the page must not show where a reader keeps patients' images."""
    text = str(value).replace("\\", "/").rstrip("/")
    if text == "phantom":
        return PHANTOMS
    return "BUSI" if is_busi(text) else text.split("/")[-1]


def badge(found, *labels):
    """One line on what produced a table or figure: data, size, length, precision, features, seeds, commit.

    labels: of the settings that are shown; none for all.
    """
    rows = found.trained[found.trained["label"].isin(labels)] if labels else found.trained
    if rows.empty:
        return "Not run: no run directory was found."
    models = {model: part for model, part in rows.groupby("model", sort=False)}
    epochs = {model: _distinct(part["epochs"]) for model, part in models.items()}
    many = len(epochs) > 1
    parts = {
        "data": _distinct(rows["data"].map(data_name)),
        "images": _distinct(f"{size}×{size}" for size in rows["image_size"]),
        "epochs": ", ".join(f"{n} ({MODELS.get(model, 'DGAN')})" if many else n for model, n in epochs.items()),
        "generator updates": "" if many else _distinct(f"{n:,.0f}" for n in rows["steps"].dropna()),
        "precision": _distinct(rows["precision"]),
        "features": _distinct(found.measured[found.measured["run"].isin(rows["run"])]["extractor"]),
        "LPIPS": _distinct(rows["lpips"].dropna()),
        "N": _distinct(f"{n:g}" for n in rows["n_real"].dropna()),
        "seeds" if rows["seed"].nunique() > 1 else "seed": _distinct(rows["seed"]),
        "commit": _distinct(rows["commit"]),
    }
    line = " · ".join(f"{name}: {text}" for name, text in parts.items() if text)
    return line if {*rows["profile"]} == {"paper"} else f"{line} · smaller than the printed protocol"


def _distinct(values):
    return ", ".join(dict.fromkeys(str(value) for value in values))


def banner(found):
    """The line at the head of a page: real scans or phantoms, and of which size and length the runs are."""
    return headline(sorted(set(found.trained["data"].map(data_name))), badge(found))


def headline(names, note):
    """The banner of data by these names, as `data_name` gives them, above a line on what was made of them."""
    kind, text = "scans", f"REAL SCANS: {', '.join(names)}"
    if not names:
        kind, text = "phantom", "NOT RUN: no run directory was found"
    elif names == [PHANTOMS]:
        kind, text = "phantom", "PHANTOMS, A DEMONSTRATION: simulated images, trained for minutes"
    return Html(f'<div class="dgan-banner dgan-{kind}"><strong>{escape(text)}</strong><br>{escape(note)}</div>')


def short(value, digits=3):
    """A number in a sentence, to so many significant digits."""
    return f"{value:.{digits}g}".replace("-", "−")


def number(value, digits):
    """A number as tables print it; "" where there is none."""
    return "" if value is None or pd.isna(value) else f"{round(value, digits) + 0.0:.{digits}f}".replace("-", "−")


def cell(row):
    """A row of `Results.measured` as a table's cell: its value and its 95 % interval, "0.150 [0.135, 0.165]"."""
    digits = METRICS[row.metric].digits
    ends = [number(end, digits) for end in (row.low, row.high)]
    return number(row.value, digits) + (f" [{', '.join(ends)}]" if all(ends) else "")


def headed(metric, extractor=None):
    """A metric's heading with an arrow to where the better numbers lie: "Recall ↑", by Inception "FID ↓"."""
    arrow = {"low": " ↓", "high": " ↑"}.get(METRICS[metric].better, "")
    return heading(metric, extractor).partition(" (")[0] + arrow


def inline(heading):
    """A heading within a sentence: without its arrow and capital; names such as Fréchet's and SWD keep theirs."""
    text = heading.removesuffix(" ↓").removesuffix(" ↑")
    return text if text.startswith("Fr") or not text[1].islower() else text[0].lower() + text[1:]


def show(frame, caption="", note=""):
    """A DataFrame as a table with its caption and a note on what produced it, for the end of a cell.

    Empty cells of text columns stay empty; a cell "0.15 [0.13, 0.17]" shows its interval in smaller type, "[Table
    1](tables.html)" is a link, and a line break stays one.
    """
    label = anchor(caption)
    identity = f' id="{label}"' if label else ""
    foot = f'<p class="dgan-badge">{escape(note)}</p>' if note else ""
    title = f'<caption><span class="dgan-caption">{captioned(caption)}</span></caption>' if caption else ""
    return Html(
        f'<figure class="dgan-figure"{identity}><div class="dgan-scroll" tabindex="0">'
        f'<table class="dgan-table">{title}{_rows(frame)}</table></div>{foot}</figure>'
    )


def _rows(frame):
    """The head and the body; headings of rows and columns carry their scope, columns of words are set to the left."""
    texts = frame.astype(object).where(frame.notna(), "").map(str)
    words = [_is_words(texts[name]) for name in texts.columns]
    depth = frame.index.nlevels
    first = [f'<th scope="col" class="dgan-heads">{escape(str(name or ""))}</th>' for name in frame.index.names]
    head = first + [
        f'<th scope="col"{_class("dgan-words" if left else "")}>{_text(name)}</th>'
        for name, left in zip(texts.columns, words, strict=True)
    ]
    body, above = [], [None] * depth
    for key, row in zip(frame.index, texts.itertuples(index=False), strict=True):
        keys = key if depth > 1 else (key,)
        same = [a == b for a, b in zip(keys, above, strict=True)]
        shown = ["" if depth > 1 and all(same[: k + 1]) else str(name) for k, name in enumerate(keys)]
        body.append(
            "".join(f'<th scope="row">{_text(name)}</th>' if name else "<td></td>" for name in shown)
            + "".join(
                f"<td{_class('dgan-missing' if text == NOT_RUN else 'dgan-words' if left else '')}>{_text(text)}</td>"
                for text, left in zip(row, words, strict=True)
            )
        )
        above = keys
    return f"<thead><tr>{''.join(head)}</tr></thead><tbody>{''.join(f'<tr>{row}</tr>' for row in body)}</tbody>"


def _class(name):
    return f' class="{name}"' if name else ""


def _text(text):
    linked = LINK.sub(r'<a href="\2">\1</a>', escape(str(text)))
    return INTERVAL.sub(r" <small>\1</small>", linked).replace(" %", "\N{NO-BREAK SPACE}%").replace("\n", "<br>")


def _is_words(column):
    filled = [text for text in column if text]
    return bool(filled) and (all(text.lstrip("[")[:1].isalpha() for text in filled) or max(map(len, filled)) > 40)
