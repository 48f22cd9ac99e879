"""How `dgan metrics` prints its numbers: a table in 80 columns, with the number that people want first."""

from dgan_core.metrics.table import METRICS, PARTS, canonical, heading, split

COLUMNS = ("metric", "value", "95 % interval", "floor", "good is")
WIDTHS = (27, 9, 19, 9, 12)  # 80 columns with a blank between
GOOD = {"low": "low", "high": "high", "one": "about 1"}


def rows(numbers):
    """One row of texts a metric, in the order of METRICS; where there is no interval, ± and the spread stand there."""
    table = []
    names = {canonical(name): name for name in numbers}
    for key, metric in METRICS.items():
        if key not in names:
            continue
        value, low, high, std, floor = (numbers.get(names[key] + part) for part in ("", *PARTS))
        between = "" if std is None else f"± {_short(std, 3)}"
        if low is not None and high is not None:
            between = f"[{_short(low, 3)}, {_short(high, 3)}]"
        good = metric.why or GOOD[metric.better]
        table.append((heading(names[key]), _short(value), between, "" if floor is None else _short(floor), good))
    return table


def _short(value, digits=4):
    return f"{value:.{digits}g}"


def render(result):
    """What was compared, a table for each extractor in 80 columns, and what may be compared with it.

    result: a dictionary as `dgan metrics --output` writes it.
    """
    settings, lines = result["settings"], []
    for side in ("real", "fake"):
        s = result[side]
        size = f" of {s['width']}×{s['height']} pixels" if s.get("width") else ""
        kind = {1: "grey images", 3: "colour images"}.get(s.get("channels"), "images' features")
        left_out = f", {s['excluded']} files left out" if s.get("excluded") else ""
        what = f"{s['n']} {kind}" if s["n"] is not None else "statistics of an unknown number of images"
        lines.append(f"{side}   {what}{size} from {s['source']}{left_out}")
    lines.append("")

    def line(row):
        return " ".join(map(str.ljust, row, WIDTHS)).rstrip()

    lines += [line(COLUMNS), "─" * 80]
    of_pairs = {k: v for k, v in result["numbers"].items() if not METRICS[canonical(split(k)[0])].of_features}
    of_features = {k: v for k, v in result["numbers"].items() if k not in of_pairs}
    pairs = [f"LPIPS by {settings['lpips']}"] if settings.get("lpips") else []
    pairs += [f"MS-SSIM over {settings['ms_ssim_levels']} levels"] if settings.get("ms_ssim_levels") else []
    sections = {f"features: {settings['extractor']}": of_features, "pairs: " + ", ".join(pairs): of_pairs}
    sections |= {f"features: {name}": numbers for name, numbers in result.get("others", {}).items()}
    for title, numbers in sections.items():
        if numbers:
            lines += [title, *map(line, rows(numbers))]
    if result.get("differences"):
        lines += ["radiomics that differ most, in deviations of the real set:"]
        lines += [f"  {name}  {value:+.2f}" for name, value in result["differences"]]
    lines.append("")
    if any("_floor" in name for name in result["numbers"]):
        lines.append("Floor: two halves of the real images against each other, half as many a side.")
    spreads = dict.fromkeys(
        METRICS[canonical(name)].spread
        for numbers in sections.values()
        for name in numbers
        if f"{name}_std" in numbers and f"{name}_low" not in numbers
    )
    if spreads:
        lines.append(f"±: standard deviation over {' or '.join(spreads)}, which is no standard error.")
    n, m = result["real"]["n"], result["fake"]["n"]
    count = "equally many images" if None in (n, m) else f"N = {n}" if n == m else f"{n} real and {m} generated images"
    lines.append(f"Fréchet distances compare only at {count}, this size and these features.")
    return "\n".join(lines)
