"""The first page's answer: four sentences in plain words, computed."""

from html import escape

from .claims import EVERY_LAM, HOLDS, NOT_RUN, VERDICTS, lower_at, pooled, together
from .page import Html, badge, headed, inline, short
from .results import label

YARDSTICKS = {
    "efficientnet-lite0": "trained features (EfficientNet-Lite0)",
    "inception": "trained features (Inception)",
    "random-vgg16": "random features (VGG16)",
    "radiomics": "radiomics",
}


def distance_of(extractor):
    """The metric that compares such features: the unbiased kernel distance, or as radiomics' authors do, Fréchet's."""
    # A few extreme statistics would decide the cubic kernel.
    return "frechet_distance" if extractor == "radiomics" else "kernel_distance"


def of_distance(measured):
    """The rows of `Results.measured` of each extractor's distance."""
    return measured[measured["metric"] == measured["extractor"].map(distance_of)]


def answer(found, judged):
    """The finding in a box, of `Results` and their `claims`: which loss is closer, how close, which part, how sure."""
    rows = of_distance(found.measured)
    by = {name: part.groupby("label")["value"].mean() for name, part in rows.groupby("extractor", sort=False)}
    if not any(name in means for means in by.values() for pair in EVERY_LAM for name in pair):
        return _box(["No finding yet: no run has been measured."], "")
    own = rows[rows["main"].astype(bool)]
    main = own["extractor"].iloc[0]
    sentences = [closer(by, main, judged), closeness(own[own["extractor"] == main], main)]
    return _box([*sentences, cause(by[main], main, found.trained), certainty(found, judged)], badge(found))


def closer(by, main, judged):
    """Which loss is closer at how many λ by the runs' own extractor, and whether the others agree.

    by: {extractor: label → mean distance}.  A loss is closer where the interval of claim A's effect says so.
    """
    counts = {name: count for name, means in by.items() if (count := lower_at(means))[1]}
    if main not in counts:
        return "No weight λ has been measured with both losses."
    of_a, groups = judged[judged["letter"] == "A"].set_index(["measure", "extractor"]), {}
    for name in sorted(counts, key=lambda name: name != main):
        effect = of_a.loc[(headed(distance_of(name)), name)]
        winner = "WGAN-GP" if (effect["low"] or 0) > 0 else "BCE" if (effect["high"] or 0) < 0 else ""
        groups.setdefault(winner, []).append(name)
    text = "The yardsticks disagree. " if {"WGAN-GP", "BCE"} <= {*groups} else ""
    for winner, names in groups.items():
        closer, farther = ("BCE", "WGAN-GP") if winner == "BCE" else ("WGAN-GP", "BCE")
        lower = [counts[k][1] - counts[k][0] if winner == "BCE" else counts[k][0] for k in names]
        at = " and ".join(f"{n} of {counts[k][1]}" for n, k in zip(lower, names, strict=True)) + " values of λ"
        told = f"{closer}'s images lie closer to the real ones than {farther}'s at {at}"
        open_ = f"neither loss is clearly closer: {closer}'s images lie closer at {at}"
        text += f"By {' and by '.join(map(named, names))}, {told if winner else open_}. "
    return text.strip()


def named(extractor):
    """An extractor in words."""
    return YARDSTICKS.get(extractor, f"features of {extractor}")


def closeness(rows, extractor):
    """How near the best models come, in units of the distance from malignant to benign scans.

    rows: of `Results.measured`, by one distance and extractor.
    """
    ends = {name: pooled(part) for name, part in rows.groupby("label", sort=False)}
    real = ends.pop(label("real"), None)
    best = min(ends, key=lambda name: ends[name][0])
    others = [name for name, (_, low, _) in ends.items() if name != best and low <= ends[best][2]]
    text = f"The closest model by {named(extractor)} is {best}"
    text += f" (its 95 % interval over images overlaps with that of {', '.join(others)})." if others else "."
    if real is not None and real[0] > 0:
        distance, ratio = inline(headed(distance_of(extractor))), short(ends[best][0] / real[0], 2)
        text += f" Its {distance} from the malignant scans is {ratio} times that of benign scans."
    return text


def cause(means, main, trained):
    """Loss or penalty: BCE and Wasserstein at one λ, without and with the gradient penalty."""
    settings = {
        "BCE": label("dgan", "bce", 5.0),
        "BCE with the penalty": label("dgan", "bce", 5.0, "gp"),
        "Wasserstein": label("dgan", "wasserstein", 5.0),
        "Wasserstein with the penalty (WGAN-GP)": label("dgan", "wgan-gp", 5.0),
    }
    bce, penalised, _, wgan_gp = settings.values()
    if penalised not in means:
        return "Whether the loss or the penalty makes the difference was not run here."
    state = trained.drop_duplicates("label").set_index("label")["state"]
    number = {k: short(means[k]) if k in means else state.get(k, "not run") for k in settings.values()}
    told = ", ".join(f"{number[setting]} for {name}" for name, setting in settings.items())
    by = f"the {inline(headed(distance_of(main)))} by {named(main)} (low is good)"
    text = f"Is it the loss or the gradient penalty? At λ = 5 {by} is {told}."
    if {bce, wgan_gp} <= {*means.index} and means[bce] != means[wgan_gp]:
        way = (means[penalised] - means[bce]) / (means[wgan_gp] - means[bce])
        text += f" By these features the penalty alone takes BCE {way:.0%} of the way to WGAN-GP."
    return text


def certainty(found, judged):
    """How many of the seven claims hold, and on how many trainings of each setting that rests."""
    seeds = found.trained.groupby("label")["seed"].nunique()
    least, most = seeds.min(), seeds.max()
    often = "once" if most == 1 else f"{most} times" if least == most else f"{least} to {most} times"
    caution = ", so all this is about one seed; another could change it" if most == 1 else ""
    return f"{counted(judged)} Each setting was trained {often}{caution}."


def counted(judged):
    """ "Of the paper's seven claims, 4 do not hold (A, B, C, D), 2 can't be told (E, F), 1 was not run (G)." """
    verdicts = together(judged)
    letters = {v: verdicts.index[verdicts == v] for v in VERDICTS}
    told = (f"{len(which)} {_plural(v, len(which))} ({', '.join(which)})" for v, which in letters.items() if len(which))
    return f"Of the paper's seven claims, {', '.join(told)}."


def _plural(verdict, n):
    if verdict == NOT_RUN:
        return f"{'was' if n == 1 else 'were'} {verdict}"
    if verdict == HOLDS:
        return "holds" if n == 1 else "hold"
    return verdict.replace("does not", "do not") if n > 1 else verdict


def _box(sentences, note):
    lines = "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences)
    foot = f'<p class="dgan-badge">{escape(note)}</p>' if note else ""
    return Html(f'<div class="dgan-answer"><p><strong>The answer</strong></p>{lines}{foot}</div>')
