"""What `python -m dgan_core.metrics` prints: the numbers of `evaluate` as a table."""

from .evaluation import FACTS

PARTS = ("low", "high", "std", "floor")  # of a number NAME: NAME_low, …
HEADINGS = ("metric", "value", "95 % interval", "spread", "floor", "good is")
NOTES = {
    "spread": "Spread: standard deviation between pairs of images, subsets or seeds; it is no standard error.",
    "floor": "Floor: two halves of the real images against each other, which are half as many a side.",
}


def labels(numbers):
    """{name: (what the table calls it, what is good)}

    FID and KID are these numbers only by Inception; another network's are called by what they are.
    """
    extractor, lpips = numbers["extractor"], numbers["lpips"]
    frechet, kernel = ("FID", "KID") if extractor.startswith("inception") else ("Fréchet distance", "Kernel distance")
    return {
        "fid": (f"{frechet} ({extractor})", "low"),
        "fid_infinity": (f"{frechet} ({extractor}), N → ∞", "low"),
        "kid": (f"{kernel} ({extractor})", "low, about 0"),
        "kid_mean": (f"{kernel} ({extractor}), subsets of {numbers.get('kid_subset_size')}", "low, about 0"),
        "lpips_real_fake": (f"LPIPS ({lpips}), real–fake", "low: alike"),
        "lpips_fake_fake": (f"LPIPS ({lpips}), fake–fake", "high: varied"),
        "ms_ssim_real_fake": ("MS-SSIM, real–fake", "high: alike"),
        "ms_ssim_fake_fake": ("MS-SSIM, fake–fake", "low: varied"),
        "swd_pca": (f"SWD, PCA ({extractor})", "low"),
        "swd_umap": (f"SWD, UMAP ({extractor})", "low"),
        "swd_umap_seeds_mean": (f"SWD, UMAP ({extractor}), mean of seeds", "low"),
        "precision": (f"Precision ({extractor})", "high"),
        "recall": (f"Recall ({extractor})", "high"),
        "density": (f"Density ({extractor})", "about 1"),
        "coverage": (f"Coverage ({extractor})", "high"),
        "memorisation_share": ("Copies of real images, share", "low"),
        "memorisation_p": ("Copies of real images, p", "above 0.05"),
    }


def rows(numbers):
    """One row of texts a metric, in the order of `numbers`; a name that isn't known here is shown as it is."""
    known = labels(numbers)
    parts = {f"{name}_{part}" for name in numbers for part in PARTS}
    parts |= {f"{name.removesuffix('_mean')}_std" for name in numbers if name.endswith("_mean")}
    table = []
    for name, value in numbers.items():
        if name in FACTS or name in parts:
            continue
        label, good = known.get(name, (name, ""))
        low, high, floor = (numbers.get(f"{name}_{part}") for part in ("low", "high", "floor"))
        # kid_std is kid_mean's, and not that of kid over all images
        std = None if f"{name}_mean" in numbers else numbers.get(f"{name.removesuffix('_mean')}_std")
        interval = "" if low is None or high is None else f"[{text(low)}, {text(high)}]"
        spread = "" if std is None else f"± {text(std)}"
        table.append((label, text(value), interval, spread, "" if floor is None else text(floor), good))
    return table


def text(value):
    if value is None:  # not finite
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def render(result):
    """What was compared, the table without its empty columns, and what may be compared with it."""
    numbers, settings = result["numbers"], result["settings"]
    lines = []
    for side in ("real", "fake"):
        s = result[side]
        colour = "grey" if s["channels"] == 1 else "colour"
        lines.append(f"{side}   {s['n']} {colour} images of {s['width']}×{s['height']} pixels from {s['source']}")
    levels = numbers["ms_ssim_levels"]
    lines += [f"features {numbers['extractor']}, seed {settings['seed']}, MS-SSIM over {levels} levels", ""]

    columns = [column for column in zip(HEADINGS, *rows(numbers), strict=True) if any(column[1:])]
    widths = [max(map(len, column)) for column in columns]
    head, *body = ("   ".join(map(str.ljust, row, widths)).rstrip() for row in zip(*columns, strict=True))
    lines += [head, "─" * (sum(widths) + 3 * (len(widths) - 1)), *body, ""]

    n, m = numbers["n_real"], numbers["n_fake"]
    count = f"N = {n}" if n == m else f"{n} real and {m} generated images"
    lines += [NOTES[column[0]] for column in columns if column[0] in NOTES]
    lines.append(f"The Fréchet distance falls with N: this one compares only at {count}, this size and these features.")
    return "\n".join(lines)
