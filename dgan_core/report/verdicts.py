"""What the runs say of the paper's claims: sentences and captions, all computed."""

import numpy as np

from .collect import find, label, lams
from .tables import TABLE3, value


def in_order(pairs):
    """(number, name) pairs → "A < B = C", lowest first; what was not measured is left out."""
    pairs = sorted(pair for pair in pairs if np.isfinite(pair[0]))
    text = pairs[0][1] if pairs else ""
    for (before, _), (number, name) in zip(pairs, pairs[1:], strict=False):
        text += f" {'=' if number == before else '<'} {name}"
    return text


def best_lam(runs, loss, metric="kid"):
    """(λ, value) where this loss measures lowest, or None where nothing was measured."""
    values = [(lam, value(find(runs, "dgan", loss, lam), metric)) for lam in lams(runs)]
    values = [(lam, number) for lam, number in values if np.isfinite(number)]
    return min(values, key=lambda pair: pair[1], default=None)


def wins(runs, metric="kid"):
    """(λ where WGAN-GP is lower than BCE, λ where both are measured)."""
    both = [
        (lam, value(find(runs, "dgan", "wgan-gp", lam), metric),
         value(find(runs, "dgan", "bce", lam), metric))
        for lam in lams(runs)
    ]  # fmt: skip
    both = [row for row in both if np.isfinite(row[1]) and np.isfinite(row[2])]
    return len([row for row in both if row[1] < row[2]]), len(both)


def apart(runs, metric):
    """λ at which the two losses' 95 % intervals have no number in common."""
    found = []
    for lam in lams(runs):
        a, b = (find(runs, "dgan", loss, lam) for loss in ("wgan-gp", "bce"))
        low, high = (max(value(a, f"{metric}_low"), value(b, f"{metric}_low")),
                     min(value(a, f"{metric}_high"), value(b, f"{metric}_high")))  # fmt: skip
        found += [lam] if low > high else []
    return found


def verdict(runs):
    """One sentence on the paper's main claim, computed from these runs."""
    parts = []
    for metric, name in (("kid", "KID"), ("fid", "FID")):
        won, of = wins(runs, metric)
        if of:
            clear = len(apart(runs, metric))
            parts.append(f"WGAN-GP has the lower {name} at {won} of {of} λ (intervals apart at {clear})")
    if not parts:
        return "No λ has been measured with both losses yet."
    return "; ".join(parts) + " (one run each; the paper reports 5 of 5 for both)."


def images_shown(runs):
    """What the models of Table 3 were trained by: real images that each critic saw, repeats included; or ""."""
    parts = []
    for key in TABLE3:
        run = find(runs, *key)
        if run is not None and run.status.get("steps"):
            images = run.status["steps"] * run.config["n_critic"] * run.config["batch_size"]
            parts.append(f"{run.label} {images:,}")
    return f"Images shown: {', '.join(parts)}. " if parts else ""


def caption_table(runs, number):
    """The caption of Table `number`, with what these runs found."""
    if number == 3:
        names = {label(*key): value(find(runs, *key), "kid") for key in TABLE3}
        ranked = sorted((n for n in names.items() if np.isfinite(n[1])), key=lambda n: n[1])
        order = in_order((kid, name) for name, kid in ranked)
        missing = [name for name, kid in names.items() if not np.isfinite(kid)]
        text = "Table 3. The two DGANs the paper calls best, beside two StyleGANs. "
        text += f"By KID: {order}. " if len(ranked) > 1 else ""
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
    return text + f"Lowest KID here: λ = {best[0]:g}; the paper's best is λ = {claimed}."
