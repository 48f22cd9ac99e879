"""The shell command: dgan train --loss bce --lam 3, and dgan metrics REAL FAKE; also python -m dgan_cli."""

import ast
import sys
import warnings
from contextlib import suppress

from dgan_core.config import Config

USAGE = """usage: dgan train [--PARAMETER VALUE …]     train a run, or continue it
       dgan metrics REAL FAKE [OPTION …]    measure images against real ones; dgan metrics --help says more
parameters, with the defaults for the DGAN:"""
OF_FIT = {
    "stop_after": 'a time such as "25min", after which training stops with a checkpoint',
    "retrain": "True: set a run that was made by other code or images aside, and train it again",
}


def parameters(words: list[str]) -> dict:
    """["--lam", "3", "--loss=bce"] → {"lam": 3, "loss": "bce"}; ValueError where a name or a value is missing."""
    words = [part for word in words for part in (word.split("=", 1) if word.startswith("--") else [word])]
    names, values = words[::2], words[1::2]
    if len(names) != len(values) or not all(name.startswith("--") for name in names):
        raise ValueError(f"parameters must be given as --NAME VALUE, got {' '.join(words)}")
    given = {name[2:].replace("-", "_"): text for name, text in zip(names, values, strict=True)}
    texts = {name for name, field in Config.model_fields.items() if field.annotation is str}
    for name in given.keys() - texts:  # a text stays one, even if it looks like a number
        with suppress(ValueError, SyntaxError):
            given[name] = ast.literal_eval(given[name])
    return given


def _defaults() -> dict[str, str]:
    """What each parameter is when it is left out: in the quick profile, and in the paper profile where that differs."""
    quick, paper, told = Config(), Config(profile="paper"), {}
    for name, field in Config.model_fields.items():
        own, printed = getattr(quick, name), getattr(paper, name)
        if own == printed:
            told[name] = repr(field.default)  # the penalty and the name of a run depend on others
        else:
            told[name] = repr(own) if name == "profile" else f"{own!r}, with --profile paper {printed!r}"
    return told


def main(argv: list[str] | None = None) -> int:
    """Run the command; its exit status: 0, 1 `fit` failed, 2 parameters that Config refuses, 130 interrupted."""
    command, *words = (sys.argv[1:] if argv is None else argv) or ["--help"]
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # cp1252 has no ≥, and a path may hold more
    if command == "metrics":
        from dgan_cli.metrics import main as metrics

        return metrics(words)
    if command != "train" or {"-h", "--help"} & {*words}:
        said = {n: f"{Config.model_fields[n].description} (default: {told})" for n, told in _defaults().items()}
        print(USAGE, *(f"  --{name:20}{text}" for name, text in {**said, **OF_FIT}.items()), sep="\n")
        return 0 if {"-h", "--help"} & {command, *words} else 2
    warnings.showwarning = lambda message, *where: print(f"dgan train: {message}", file=sys.stderr)
    failed = 2
    try:
        given = parameters(words)
        of_fit = {name: given.pop(name) for name in OF_FIT if name in given}
        if not isinstance(again := of_fit.get("retrain", False), bool):
            raise ValueError(f"retrain must be True or False, got {again!r}")
        config = Config(**given)
        failed = 1
        from dgan_core.training.loop import fit  # after the check: it loads a deep-learning framework

        run = fit(config, **of_fit)
        print(f"the run is in {run.path}{'' if run.finished else ', not finished yet'}; its images are in samples/")
    except (ValueError, OSError, RuntimeError, ImportError, FloatingPointError) as error:
        print(f"dgan train: {error}", file=sys.stderr)
        return failed
    except KeyboardInterrupt:
        print("dgan train: interrupted; the same command continues from the checkpoint", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
