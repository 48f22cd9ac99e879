"""The first page's answer: four sentences in plain words, computed."""

from html import escape

from .claims import EVERY_LAM, FAILS, HOLDS, NOT_RUN, OPEN, VERDICTS, lower_at, pooled, together
from .page import Html, badge, headed, inline, named, short
from .results import label


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
    models = rows[rows["model"] != "real"]
    main = models[models["main"]]["extractor"].iloc[0]
    trusted = [k for k in models["extractor"].unique() if k == main or not k.startswith("random")]  # which fail tests
    near = rows[rows["extractor"].isin(trusted)]
    sentences = closer(by, main, judged), " ".join(closeness(p, k) for k, p in near.groupby("extractor", sort=False))
    return _box([*sentences, cause(by[main], main, found.trained), certainty(found, judged)], badge(found))


MAIN = {
    HOLDS: "Yes, in these runs: WGAN-GP comes closer to the real images than BCE at every λ.",
    FAILS: "Not in these runs: the claim that WGAN-GP comes closer to the real images at every λ does not hold.",
    OPEN: "These runs can't tell whether WGAN-GP comes closer to the real images than BCE, as the paper claims.",
}


def closer(by, main, judged):
    """Which loss is closer at how many λ by the runs' own extractor, and whether the others agree.

    by: {extractor: label → mean distance}.  A loss is closer where the interval of claim A's effect says so.
    """
    counts = {name: count for name, means in by.items() if (count := lower_at(means))[2]}
    if main not in counts:
        return "No weight λ has been measured with both losses."
    of_a, told, winners = judged[judged["letter"] == "A"].set_index(["measure", "extractor"]), [], set()
    for name in sorted(counts, key=lambda name: name != main):
        effect, (wgan_gp, bce, of) = of_a.loc[(headed(distance_of(name)), name)], counts[name]
        winner = "WGAN-GP" if (effect["low"] or 0) > 0 else "BCE" if (effect["high"] or 0) < 0 else ""
        text = f"{winner} is closer, at {wgan_gp if winner == 'WGAN-GP' else bce} of {of} values of λ"
        if not winner:
            text = f"neither loss is clearly closer: WGAN-GP at {wgan_gp} of {of} values of λ, BCE at {bce}"
            text += f", a tie at {ties}" if (ties := of - wgan_gp - bce) else ""
        told.append(f"By {named(name)} {text}.")
        winners.add(winner)
    if {"WGAN-GP", "BCE"} <= winners:
        told.insert(0, "The yardsticks disagree.")
    return " ".join(filter(None, [MAIN.get(together(judged)["A"]), *told]))


def closeness(rows, extractor):
    """How near the best models come; by an unbiased distance, in units of the one from malignant to benign scans.

    rows: of `Results.measured`, by one distance and extractor.
    """
    ends = {name: pooled(part) for name, part in rows.groupby("label", sort=False)}
    real = ends.pop(label("real"), None)
    best = min(ends, key=lambda name: ends[name][0])
    others = [name for name, (_, low, _) in ends.items() if name != best and low <= ends[best][2]]
    text = f"The closest model by {named(extractor)} is {best}"
    which = ", ".join(others) if len(others) < 5 else f"{len(others)} others"
    text += f" (not clearly closer than {which}: their 95 % intervals over images overlap)" if others else ""
    if real is not None and real[0] > 0 and distance_of(extractor) == "kernel_distance":  # others hold a bias
        times = short(ends[best][0] / real[0], 2)
        text += f". Its kernel distance from the malignant scans is {times} times that of benign scans"
    return text + "."


def cause(means, main, trained):
    """Loss or penalty: BCE and Wasserstein at one λ, without and with the gradient penalty."""
    bce, penalised = label("dgan", "bce", 5.0), label("dgan", "bce", 5.0, "gp")
    wasserstein, wgan_gp = label("dgan", "wasserstein", 5.0), label("dgan", "wgan-gp", 5.0)
    settings = [bce, penalised, wasserstein, wgan_gp]
    if penalised not in means:
        return "Whether the loss or the penalty makes the difference was not run here."
    state = trained.drop_duplicates("label").set_index("label")["state"]
    number = {k: short(means[k]) if k in means else state.get(k, "not run") for k in settings}
    text = "Is it the loss or the gradient penalty? At λ = 5 each loss was trained without and with the penalty. With "
    text += f"BCE the penalty takes the {inline(headed(distance_of(main)))} by {named(main)} from {number[bce]} to "
    text += f"{number[penalised]}. With the Wasserstein loss, where adding it gives WGAN-GP, it goes from "
    text += f"{number[wasserstein]} to {number[wgan_gp]}. Low is good."
    seeds = trained[trained["label"].isin(settings)].groupby("label")["seed"].nunique().min()
    if {*settings} <= {*means.index} and (means[penalised] - means[bce]) * (means[wgan_gp] - means[wasserstein]) < 0:
        doubt = "; one seed can't tell whether that is the losses' doing" if seeds == 1 else ""
        text += f" So in these runs it makes one loss better and the other worse{doubt}."
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
    lines += f'<p class="dgan-badge">{escape(note)}</p>' if note else ""
    return Html(f'<div class="dgan-answer"><p><strong>The answer</strong></p>{lines}</div>')
