"""Bad input and hostile files by the thousand: each is taken right or refused in one sentence, and nothing else counts.

A case is something to do and what would be right. It passes if its result is right, or if it ends in one sentence
(a ValueError or OSError of a single line); it is lost if it ends in anything else: a wrong value, a warning about
numbers, a traceback from inside. Cases marked TAKE must be right and those marked REFUSE must be refused.

    python -m faults --only inputs
"""

import collections
import shutil
import tempfile
import time
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from faults import archives, arrays, folders, parameters, pictures
from faults.cases import REFUSE, TAKE, Case

KINDS = {  # kind: (cases, how many)
    "parameter sets": (parameters.cases, 10_000),
    "pictures": (pictures.cases, 3_000),
    "folders of images": (folders.cases, 280),
    "arrays given to metrics": (arrays.cases, 880),
    "zip archives": (archives.zips, 2_000),
    ".npy files": (archives.npys, 2_000),
}


class Outcome(NamedTuple):
    verdict: str  # "right", "refused" or "lost"
    said: str  # the sentence, or what was wrong


def judge(case: Case) -> Outcome:
    """Do what the case says, and see how it ends."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", "(?s).* holds .* images; the complete BUSI has", UserWarning)
        try:
            value = case.do()
        except (ValueError, OSError) as error:
            said = str(error)
            named = [name for name in case.names if name in said]
            rest = said.replace(named[0], "") if named else said  # a file's name may hold anything
            sentence = 0 < len(rest) < 1000 and "\n" not in rest and not isinstance(error, UnicodeError)
            verdict = "refused" if sentence and named and case.must != TAKE else "lost"
            return Outcome(verdict, f"{type(error).__name__}: {said}")
        except Exception as error:
            return Outcome("lost", f"{type(error).__name__}: {error}")
    if case.must == REFUSE or not case.right(value):
        return Outcome("lost", f"returned {value!r}"[:200])
    return Outcome("right", "")


def run(quick: bool = False, seed: int = 0) -> list[dict[str, Any]]:
    """Rows of {kind, tried, survived, lost, what, right, refused, seconds, examples of lost ones}.

    quick: a fiftieth of the numbers.
    """
    rows = []
    for kind, (cases, most) in KINDS.items():
        began, tried = time.perf_counter(), most // 50 if quick else most
        counts, examples = collections.Counter(), []
        with tempfile.TemporaryDirectory(prefix="dgan-faults-") as folder:
            for k in range(tried):
                own = Path(folder, str(k))
                own.mkdir()
                case = cases(np.random.default_rng((seed, k)), own)
                outcome = judge(case)
                shutil.rmtree(own)
                counts[outcome.verdict] += 1
                if outcome.verdict == "lost":
                    examples.append(f"{case.told}: {outcome.said}")
        seconds = round(time.perf_counter() - began, 1)
        rows.append({**row(kind, counts), "seconds": seconds, "examples": examples[:20]})
    return rows


def row(kind: str, counts: Mapping[str, int]) -> dict[str, Any]:
    right, refused, lost = (counts[verdict] for verdict in ("right", "refused", "lost"))
    return {
        "kind": kind,
        "tried": right + refused + lost,
        "survived": right + refused,
        "lost": lost,
        "what": f"{right:,} taken right, {refused:,} refused in one sentence",
        "right": right,
        "refused": refused,
    }
