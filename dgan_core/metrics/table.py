"""The table of metrics: what each number is called, and which way is better.

A result's numbers are a flat dictionary. A metric NAME comes with NAME_low and NAME_high, its 95 % interval, with
NAME_std, a spread over pairs, subsets or seeds, and with NAME_floor, what two halves of the real images score.
"FID" and "KID" are the names of the Fréchet and the kernel distance by Inception's published weights, and of no other.
"""

from typing import NamedTuple

PARTS = ("_low", "_high", "_std", "_floor")  # of a number NAME: NAME_low, …


class Metric(NamedTuple):
    heading: str
    better: str  # "low", "high" or "one": the nearer to 1
    digits: int  # after the decimal point
    spread: str = ""  # what NAME_std is over: "pairs", "subsets", "seeds" or nothing
    why: str = ""  # what the table on a terminal says of a good value, where its direction alone would mislead
    of_features: bool = True  # whether it depends on the extractor


METRICS = {
    "frechet_distance": Metric("Fréchet distance", "low", 2),
    "frechet_distance_infinity": Metric("Fréchet distance, N → ∞", "low", 2),
    "frd": Metric("Fréchet Radiomics Distance", "low", 2),
    "kernel_distance": Metric("Kernel distance", "low", 4),
    "kernel_distance_subsets": Metric("Kernel distance, subsets", "low", 4, "subsets"),
    "precision": Metric("Precision", "high", 3),
    "recall": Metric("Recall", "high", 3),
    "density": Metric("Density", "one", 3),
    "coverage": Metric("Coverage", "high", 3),
    "lpips_real_fake": Metric("LPIPS, real–fake", "low", 3, "pairs", "low: alike", of_features=False),
    "lpips_fake_fake": Metric("LPIPS, fake–fake", "high", 3, "pairs", "high: varied", of_features=False),
    "ms_ssim_real_fake": Metric("MS-SSIM, real–fake", "high", 3, "pairs", "high: alike", of_features=False),
    "ms_ssim_fake_fake": Metric("MS-SSIM, fake–fake", "low", 3, "pairs", "low: varied", of_features=False),
    "swd_pca": Metric("SWD, PCA", "low", 2),
    "swd_umap": Metric("SWD, UMAP", "low", 2, "seeds"),
    "memorisation_share": Metric("Copied images, share", "low", 3),
    "memorisation_p": Metric("Copied images, p", "high", 3, why="small = copy"),
}
BY_INCEPTION = {  # canonical name → its name where the features are the published Inception's
    "frechet_distance": "fid",
    "frechet_distance_infinity": "fid_infinity",
    "kernel_distance": "kid",
    "kernel_distance_subsets": "kid_subsets",
}
_CANONICAL = {name: canonical for canonical, name in BY_INCEPTION.items()}


def split(name):
    """(the metric's name, its part): split("kid_subsets_std_floor") == ("kid_subsets", "_std_floor")."""
    base, part = name, ""
    while base not in METRICS and base not in _CANONICAL and base.endswith(PARTS):
        base, _, last = base.rpartition("_")
        part = f"_{last}{part}"
    return base, part


def canonical(name):
    """The one name of a metric, whatever the extractor: canonical("fid_low") == "frechet_distance_low"."""
    base, part = split(name)
    return _CANONICAL.get(base, base) + part


def honest(name, extractor):
    """The name that a canonical one goes by with an extractor's label: "fid" only if these are Inception's features."""
    base, part = split(name)
    return (BY_INCEPTION.get(base, base) if is_inception(extractor) else base) + part


def is_inception(extractor):
    """Whether a label, as `features.label` gives it, means Inception's published weights, by any convention."""
    return extractor == "inception" or extractor.startswith("inception (")


def heading(name, extractor=None):
    """What a table calls a metric, by either name: "FID" or "Fréchet distance (random-vgg16)".

    extractor: the label of the features; None leaves it out.
    """
    metric = METRICS[canonical(name)]
    text = metric.heading
    if canonical(name) in BY_INCEPTION and (is_inception(extractor) if extractor else name in _CANONICAL):
        text = text.replace("Fréchet distance", "FID").replace("Kernel distance", "KID")
    return f"{text} ({extractor})" if extractor and metric.of_features and extractor != "inception" else text


def chosen(names):
    """The canonical names that a choice means, by either name or by a beginning ("lpips").  ValueError for others."""
    found = []
    for name in [names] if isinstance(names, str) else names:
        whole = canonical(name)
        group = [whole] if whole in METRICS else [metric for metric in METRICS if metric.startswith(f"{whole}_")]
        if not group:
            known = ", ".join(METRICS)
            raise ValueError(f"metrics must be fid, kid or names, or beginnings of names, among {known}; got {name!r}")
        found += group
    return tuple(dict.fromkeys(found))
