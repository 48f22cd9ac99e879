"""One line under each table and figure: what produced it."""

PHANTOMS = "simulated phantoms, not patients"


def _values(runs, key, source="config"):
    """The distinct values of one field over the runs, in order of appearance."""
    seen = []
    for run in runs:
        value = getattr(run, source).get(key)
        if value is not None and value not in seen:
            seen.append(value)
    return seen


def _join(values, short=lambda value: f"{value}"):
    return ", ".join(dict.fromkeys(short(value) for value in values)) or "unknown"


def data_name(value):
    """A data folder by its name only: the page must not show where a reader keeps patients' images."""
    text = str(value).replace("\\", "/").rstrip("/")
    if text == "phantom":
        return PHANTOMS
    return "BUSI" if "busi" in text.lower() else text.split("/")[-1]


def _file(value):
    return str(value).replace("\\", "/").rstrip("/").split("/")[-1]


def badge(runs):
    """Data, size, epochs, extractor, LPIPS weights, seeds, commit; and whether it reproduces."""
    runs = [run for run in runs if run is not None]
    if not runs:
        return "not run: no run directory was found"
    sizes = _join(_values(runs, "image_size"), lambda s: f"{s}×{s}")
    extractors = _values(runs, "extractor", "final") or _values(runs, "extractor")
    counts = _join(_values(runs, "n_real", "final"))
    parts = [
        "data: " + _join(_values(runs, "data"), data_name),
        sizes,
        "epochs: " + _join(_values(runs, "epochs")),
        "features: " + _join(extractors, _file),
        "LPIPS: " + _join(_values(runs, "lpips_weights"), _file),
        f"N = {counts}",
        "seeds: " + _join(_values(runs, "seed")),
        "commit: " + _join(_values(runs, "commit", "environment"), lambda c: str(c)[:10]),
    ]
    line = " · ".join(parts)
    profiles = _values(runs, "profile")
    if profiles != ["paper"]:
        line += f" · {_join(profiles)} profile, not a reproduction"
    return line
