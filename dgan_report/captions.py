"""Captions of the tables, and the phrases that figures' captions share; all computed from the runs."""

import numpy as np

from .claims import measured
from .collect import find, label, lams
from .seeds import over_seeds
from .tables import TABLE3, value


def in_order(pairs):
    """(number, name) pairs → "A < B = C", lowest first; what was not measured is left out."""
    pairs = sorted(pair for pair in pairs if np.isfinite(pair[0]))
    text = pairs[0][1] if pairs else ""
    for (before, _), (number, name) in zip(pairs, pairs[1:], strict=False):
        text += f" {'=' if number == before else '<'} {name}"
    return text


def best_lam(runs, loss, metric="kid"):
    """(λ, value) where this loss measures lowest, as a mean over seeds, or None where nothing was measured."""
    values = [(lam, measured(runs, ("dgan", loss, lam), metric).number) for lam in lams(runs)]
    values = [(lam, number) for lam, number in values if np.isfinite(number)]
    return min(values, key=lambda pair: pair[1], default=None)


def images_shown(runs):
    """What the models of Table 3 were trained by: real images that each critic saw, repeats included; or ""."""
    parts = []
    for key in TABLE3:
        run = find(runs, *key)
        if run is not None and run.status.get("steps"):
            images = run.status["steps"] * run.config["n_critic"] * run.config["batch_size"]
            parts.append(f"{run.label}: {images:,}")
    return f"Images shown: {', '.join(parts)}. " if parts else ""


def caption_table(runs, number):
    """The caption of Table `number`, with what these runs found."""
    if number == 3:
        names = {label(*key): measured(runs, key, "kid").number for key in TABLE3}
        ranked = sorted((n for n in names.items() if np.isfinite(n[1])), key=lambda n: n[1])
        order = in_order((kid, name) for name, kid in ranked)
        missing = [name for name, kid in names.items() if not np.isfinite(kid)]
        text = "Table 3. The two DGANs the paper calls best, beside two StyleGANs. "
        text += f"By KID{over_seeds(runs)}: {order}. " if len(ranked) > 1 else ""
        text += images_shown(runs)
        return text + (f"Not run: {', '.join(missing)}." if missing else "")
    if number == 4:
        risky = [label(*key) for key in TABLE3 if value(find(runs, *key), "memorisation_p") < 0.05]
        text = "Table 4. Beyond the paper: how much of the real images is covered, and whether they are copied. "
        return text + (
            f"Suspected of memorising (p < 0.05): {', '.join(risky)}."
            if risky
            else "No model is suspected of memorising."
        )
    loss, claimed = {1: ("wgan-gp", 5), 2: ("bce", 3)}[number]
    text = f"Table {number}. DGAN trained with {label('dgan', loss)}, by weight λ. "
    best = best_lam(runs, loss)
    if best is None:
        return text + "No run of this loss has been evaluated."
    return text + f"Lowest KID here{over_seeds(runs)}: λ = {best[0]:g}; the paper's best is λ = {claimed}."
