"""The first page's answer: four sentences in plain words, computed."""

from html import escape

from .claims import EVERY_LAM, HOLDS, NOT_RUN, VERDICTS, lower_at, together
from .page import Html, badge, short
from .results import label

METRIC = "kernel_distance"  # unbiased, so it doesn't depend on the number of images
YARDSTICKS = {
    "efficientnet-lite0": "trained features (EfficientNet-Lite0)",
    "inception": "trained features (Inception)",
    "random-vgg16": "random features (VGG16)",
    "radiomics": "radiomics",
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
    sentences = [closer(by, main), closeness(by[main], main), cause(by[main], found.trained), certainty(found, judged)]
    return _box(sentences, badge(found))


def closer(by, main):
    """Which loss is closer at how many λ by the runs' own extractor, and whether the others agree.

    by: {extractor: label → mean kernel distance}.
    """
    counts = {name: lower_at(means) for name, means in by.items()}
    counts = {name: count for name, count in counts.items() if count[1]}
    if main not in counts:
        return "No weight λ has been measured with both losses."
    lower, of = counts.pop(main)
    winner = _winner(lower, of)
    text = (
        f"By {named(main)}, "
        + {
            "WGAN-GP": f"WGAN-GP's images lie closer to the real ones than BCE's at {lower} of {of} values of λ.",
            "BCE": f"BCE's images lie closer to the real ones than WGAN-GP's at {of - lower} of {of} values of λ.",
            "": f"neither loss wins: WGAN-GP's images lie closer to the real ones at {lower} of {of} values of λ.",
        }[winner]
    )
    agree = {name: max(n, of - n) for name, (n, of) in counts.items() if _winner(n, of) == winner}
    differ = [
        f"{named(name)} WGAN-GP is closer at {counts[name][0]} of {counts[name][1]}"
        for name in counts
        if name not in agree
    ]
    same = [f"{named(name)} at {most} of {counts[name][1]}" for name, most in agree.items()]
    text += f" The same loss is closer by {' and by '.join(same)}." if same else ""
    text += f" The yardsticks disagree: by {', and by '.join(differ)}." if differ else ""
    blind = main.startswith("random-") and not counts
    return text + (" Such features can't see what a generator gets wrong, so this is no verdict yet." if blind else "")


def named(extractor):
    """An extractor in words."""
    return YARDSTICKS.get(extractor, f"features of {extractor}")


def _winner(lower, of):
    return "WGAN-GP" if 2 * lower > of else "BCE" if 2 * lower < of else ""


def closeness(means, extractor):
    """How near the best model comes, in units of the distance from malignant to benign scans."""
    real = label("real")
    models = means.drop(real, errors="ignore")
    text = f"The closest model by {named(extractor)} is {models.idxmin()}"
    if real not in means or means[real] <= 0:
        return text + "."
    ratio = models.min() / means[real]
    said = "nearer to" if ratio < 1 else "farther from"
    return f"{text}. Its images are {said} the malignant scans than benign scans are: {short(ratio, 2)} times as far."


def cause(means, trained):
    """Loss or penalty: BCE and Wasserstein at one λ, without and with the gradient penalty."""
    settings = {
        "BCE": label("dgan", "bce", 5.0),
        "BCE with the penalty": label("dgan", "bce", 5.0, "gp"),
        "Wasserstein": label("dgan", "wasserstein", 5.0),
        "Wasserstein with the penalty (WGAN-GP)": label("dgan", "wgan-gp", 5.0),
    }
    if settings["BCE with the penalty"] not in means:
        return "Whether the loss or the penalty makes the difference was not run here."
    state = trained.drop_duplicates("label").set_index("label")["state"]
    number = {
        name: short(means[name], 2) if name in means else state.get(name, "not run") for name in settings.values()
    }
    told = ", ".join(f"{number[setting]} for {name}" for name, setting in settings.items())
    text = f"Is it the loss or the gradient penalty? At λ = 5 the kernel distance (low is good) is {told}."
    bce, both = (means.get(settings[name]) for name in ("BCE", "Wasserstein with the penalty (WGAN-GP)"))
    if bce is None or both is None or bce == both:
        return text
    way = (means[settings["BCE with the penalty"]] - bce) / (both - bce)
    return f"{text} The penalty alone takes BCE {way:.0%} of the way to WGAN-GP."


def certainty(found, judged):
    """How many of the seven claims hold, and on how many trainings of each setting that rests."""
    seeds = found.trained.groupby("label")["seed"].nunique()
    least, most = seeds.min(), seeds.max()
    often = "once" if most == 1 else f"{most} times" if least == most else f"{least} to {most} times"
    caution = ", so another training could change the order" if most == 1 else ""
    return f"{counted(judged)} Each setting was trained {often}{caution}."


def counted(judged):
    """ "Of the paper's seven claims, 4 do not hold, 2 can't be told, 1 was not run." """
    verdicts = together(judged)
    told = ", ".join(f"{n} {_plural(v, n)}" for v in VERDICTS if (n := int((verdicts == v).sum())))
    return f"Of the paper's seven claims, {told}."


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
