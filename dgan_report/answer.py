"""The first page's answer: four sentences in plain words, and the seven claims in one table, both computed."""

from html import escape

from .claims import EVERY_LAM, HOLDS, VERDICTS, together
from .page import Html, badge
from .results import label

METRIC = "kernel_distance"  # unbiased, so it doesn't depend on the number of images
PAGES = {  # letter → the page that shows what decides the claim
    "A": ("tables", "Tables 1 and 2"),
    "B": ("tables", "Table 1"),
    "C": ("tables", "Table 2"),
    "D": ("tables", "Tables 1 and 4"),
    "E": ("figure1", "Figure 1"),
    "F": ("figure2", "Table 3 and Figure 2"),
    "G": ("figure3_4", "Figures 3 and 4"),
}


def answer(found, judged):
    """The finding in a box: which loss is closer by each extractor, how close, loss or penalty, how sure.

    found: `Results`.  judged: what `claims` gives of it.
    """
    rows = found.measured[found.measured["metric"] == METRIC]
    by = {name: part.groupby("label")["value"].mean() for name, part in rows.groupby("extractor", sort=False)}
    if not any(name in means for means in by.values() for pair in EVERY_LAM for name in pair):
        return _box(["No finding yet: no run has been measured."], "")
    main = rows[rows["main"].astype(bool)]["extractor"].iloc[0]
    sentences = [closer(by), closeness(by[main], main), cause(by[main], found.trained), certainty(found, judged)]
    return _box([sentence for sentence in sentences if sentence], badge(found))


def closer(by):
    """At how many λ WGAN-GP has the lower mean kernel distance, by each extractor.  by: {extractor: label → value}"""
    counts = {}
    for name, means in by.items():
        both = [(means[one], means[other]) for one, other in EVERY_LAM if {one, other} <= set(means.index)]
        if both:
            counts[name] = sum(one < other for one, other in both), len(both)
    if not counts:
        return "No weight λ has been measured with both losses."
    winners = {_winner(lower, of) for lower, of in counts.values()}
    told = ", ".join(f"at {lower} of {of} λ by {name}" for name, (lower, of) in counts.items())
    head = "The yardsticks disagree" if len(winners) > 1 else winners.pop()
    blind = all(name.startswith("random-") for name in counts)
    warning = " Random features can't see what a generator gets wrong, so this is no verdict yet." if blind else ""
    return f"{head}: WGAN-GP's images lie closer to the real ones than BCE's {told}.{warning}"


def _winner(lower, of):
    return "WGAN-GP wins" if 2 * lower > of else "BCE wins" if 2 * lower < of else "Neither loss wins"


def closeness(means, extractor):
    """How near the best model comes, in units of the distance from malignant to benign scans."""
    real = label("real")
    models = means.drop(real, errors="ignore")
    text = f"The closest model by {extractor} is {models.idxmin()}"
    if real not in means or means[real] <= 0:
        return text + "."
    ratio = models.min() / means[real]
    said = "nearer to" if ratio < 1 else "farther from"
    return f"{text}: it is {said} the malignant scans than benign scans are, at {_g(ratio)} times their distance."


def cause(means, trained):
    """Loss or penalty: BCE and Wasserstein at one λ, without and with the gradient penalty."""
    cells = {name: label("dgan", *of) for name, of in {
        "BCE": ("bce", 5.0), "BCE with the penalty": ("bce", 5.0, "gp"),
        "Wasserstein": ("wasserstein", 5.0), "Wasserstein with it (WGAN-GP)": ("wgan-gp", 5.0)}.items()}  # fmt: skip
    state = trained.drop_duplicates("label").set_index("label")["state"]
    told = {name: _g(means[cell]) if cell in means else state.get(cell, "not run") for name, cell in cells.items()}
    if cells["BCE with the penalty"] not in means:
        return "Whether the loss or the penalty makes the difference was not run here."
    return f"Loss or penalty? At λ = 5 the kernel distance is {', '.join(f'{v} for {k}' for k, v in told.items())}."


def certainty(found, judged):
    """How many of the seven claims hold, and on how many trainings of each setting that rests."""
    verdicts = together(judged)
    told = ", ".join(f"{n} {_plural(v, n)}" for v in VERDICTS if (n := int((verdicts == v).sum())))
    seeds = found.trained.groupby("label")["seed"].nunique()
    trained = f"{seeds.min()}" if seeds.min() == seeds.max() else f"{seeds.min()} to {seeds.max()}"
    once = "once" if seeds.max() == 1 else f"{trained} times"
    return f"Of the paper's seven claims, by all their measures: {told}; each setting was trained {once}."


def _plural(verdict, n):
    if verdict == HOLDS:
        return "holds" if n == 1 else "hold"
    return verdict.replace("does not", "do not") if n > 1 else verdict


def claims_summary(judged):
    """A row for each claim: the verdict by all of its measures, how each extractor counts, and where it is shown."""
    verdicts = together(judged)
    rows = []
    for letter, part in judged.groupby("letter", sort=False):
        by = [_counted(name, part[part["extractor"].isin((name, ""))]) for name in part["extractor"].unique() if name]
        page, shown = PAGES[letter]
        kind = VERDICTS.index(verdicts[letter])
        rows.append(
            f'<tr><th scope="row">{letter}. {escape(part["claim"].iloc[0])}</th>'
            f'<td class="dgan-words dgan-verdict-{kind}">{escape(verdicts[letter])}</td>'
            f'<td class="dgan-words">{"<br>".join(map(escape, by))}</td>'
            f'<td class="dgan-words"><a href="{page}.html">{shown}</a></td></tr>'
        )
    head = "".join(
        f'<th scope="col" class="dgan-words">{name}</th>'
        for name in ("The paper claims", "Here", "By each extractor of features", "Shown in")
    )
    return Html(
        '<figure class="dgan-figure" id="table-0"><div class="dgan-scroll" tabindex="0"><table class="dgan-table">'
        '<caption><span class="dgan-caption"><strong>Table 0.</strong> The verdict on each claim, by all of its '
        "measures and extractors together, then by each extractor, with how many of its orders point the claim's way."
        f"</span></caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table></div></figure>"
    )


def _counted(extractor, rows):
    """ "efficientnet-lite0: holds (10 of 10)", over all measures of a claim."""
    pairs = [[int(word) for word in orders.split(" of ")] for orders in rows["orders"] if orders]
    count = f" ({sum(p[0] for p in pairs)} of {sum(p[1] for p in pairs)})" if pairs else ""
    return f"{extractor}: {together(rows).iloc[0]}{count}"


def _box(sentences, note):
    lines = "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences)
    foot = f'<p class="dgan-badge">{escape(note)}</p>' if note else ""
    return Html(f'<div class="dgan-answer"><p><strong>The answer</strong></p>{lines}{foot}</div>')


def _g(value):
    return f"{value:.2g}".replace("-", "−")
