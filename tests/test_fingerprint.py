"""What counts as other code: definitions that are used, and neither comments nor what nothing uses."""

import os
import subprocess
import sys
import textwrap

import pytest

from dgan_core.io import fingerprint as module
from dgan_core.io.fingerprint import fingerprint, of_function
from dgan_core.training import TRAINERS, source

LOSSES = '''
"""Losses."""
import numpy as np

SCALE = 2.0


def scaled(x):
    """Scaled."""
    return SCALE * x


def hinge(x):
    return max(0, 1 - x)


TABLE = {"hinge": hinge}
'''
STEP = """
from dgan_core import losses
from dgan_core.losses import hinge as margin


def step(x):
    from dgan_core.rng import draw

    return losses.scaled(x) + draw()


def other(x):
    return margin(x)
"""
RNG = """
class Draws:
    def one(self):
        return 1


def draw():
    return Draws().one()


def unused():
    return 0
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """write(name, text): a module of a small project of its own."""
    (tmp_path / "dgan_core").mkdir()
    monkeypatch.setattr(module, "PROJECT", tmp_path)

    def write(name, text):
        (tmp_path / "dgan_core" / f"{name}.py").write_text(textwrap.dedent(text))
        module._parse.cache_clear()

    for name, text in {"__init__": "", "losses": LOSSES, "step": STEP, "rng": RNG}.items():
        write(name, text)
    yield write
    module._parse.cache_clear()


ENTRY = "dgan_core.step:step"


def changed_by(project, name, old, new):
    """The modules whose hash an edit changes."""
    text = {"losses": LOSSES, "step": STEP, "rng": RNG}[name]
    assert old in text
    before = fingerprint(ENTRY)
    project(name, text.replace(old, new))
    after = fingerprint(ENTRY)
    return {n for n in {*before, *after} if before.get(n) != after.get(n)}


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("losses", "return SCALE * x", "return -SCALE * x"),
        ("losses", "SCALE = 2.0", "SCALE = 2.5"),
        ("rng", "return 1", "return 2"),
        ("step", "losses.scaled(x) +", "losses.scaled(x) -"),
    ],
)
def test_a_change_of_what_is_used_is_noticed_in_its_module_alone(project, name, old, new):
    assert changed_by(project, name, old, new) == {f"dgan_core.{name}"}


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("losses", "SCALE = 2.0", "# a comment\nSCALE   =   2.0"),
        ("losses", '"""Scaled."""', '"""Scaled, and told at length."""'),
        ("losses", '"""Losses."""', ""),
        ("losses", "1 - x", "2 - x"),  # hinge: only `other` uses it
        ("rng", "return 0", "return 7"),
        ("step", "return margin(x)", "return -margin(x)"),
    ],
)
def test_comments_docstrings_layout_and_what_is_not_used_change_nothing(project, name, old, new):
    assert changed_by(project, name, old, new) == set()


def test_a_module_as_entry_counts_all_of_it_and_some_can_be_left_out(project):
    whole = fingerprint("dgan_core.step")
    assert set(whole) == {"dgan_core.step", "dgan_core.losses", "dgan_core.rng"}
    assert set(fingerprint("dgan_core.step", without=("dgan_core.losses",))) == {"dgan_core.step", "dgan_core.rng"}
    with pytest.raises(ValueError, match="dgan_core.step:walk is no module or definition of this project"):
        fingerprint("dgan_core.step:walk")
    with pytest.raises(ValueError, match="dgan_core.gone is no module"):
        fingerprint("dgan_core.gone")


def test_the_source_of_a_training_is_its_own_models():
    dgan, stylegan = source("dgan"), source("stylegan2")
    assert {"dgan_core.losses", "dgan_core.training.step", "dgan_core.models.vgg", "dgan_core.rng"} <= dgan.keys()
    assert not [name for name in dgan if "stylegan" in name or "metrics" in name or "report" in name]
    assert "dgan_stylegan.steps" in stylegan and not {"dgan_core.training.step"} & stylegan.keys()
    assert dgan["dgan_core.losses"] != stylegan["dgan_core.losses"]  # the StyleGANs use three of its functions
    assert all(source(model) for model in TRAINERS)


def test_a_function_of_a_notebook_is_known_by_what_it_does():
    def one(x):
        """Told."""
        return 2.0 * x

    def same(x):
        # told otherwise
        return 2.0 * x

    def other(x):
        return -2.0 * x

    assert of_function(one) == of_function(same) != of_function(other)
    assert of_function(lambda x: 3 * x) != of_function(lambda x: 4 * x)
    inner = lambda factor: lambda x: factor * one(x)  # noqa: E731
    assert of_function(inner(2)) == of_function(inner(2)) != of_function(inner(3))
    assert of_function(lambda x: one(x)) != of_function(lambda x: other(x))


def test_the_hash_of_code_is_the_same_for_every_python(project):
    """Python 3.12 and later write f-strings with other quotes than 3.11 does; the hash is of neither."""
    text = """def told(x, y):\n    return f"{x!r:>{y}} of {y['a']:.3g}"\n"""
    project("told", text)
    assert fingerprint("dgan_core.told") == {"dgan_core.told": "9f5eba330f132bad"}
    for old, new in (("!r", "!s"), (":>", ":<"), (" of ", " to "), (".3g", ".4g"), ("'a'", "'b'")):
        project("told", text.replace(old, new))
        assert fingerprint("dgan_core.told") != {"dgan_core.told": "9f5eba330f132bad"}


def test_how_images_are_read_and_what_weighs_a_loss_count_and_how_files_are_written_does_not():
    for model in TRAINERS:
        counted = source(model)
        assert {"dgan_core.io.images", "dgan_core.io.folders", "dgan_core.training.schedule"} <= counted.keys()
        neutral = {"dgan_core.io.files", "dgan_core.config", "dgan_core.runs", "dgan_core.io.downloads"}
        assert not neutral & counted.keys()


OWN = """
from array import array
from functools import partial
import numpy as np
def relu(x): return max(x, 0)
class Thing: pass
def times(k): return lambda x: k * x
KNOWN, WEIGHTS, THING = {"b": 1, "a": [2, relu], relu: 3}, np.arange(3000.0), Thing()
KNOWN["me"] = KNOWN  # what holds itself
DTYPE, BYTES, TWICE, THRICE = np.float32, array("b", [1]), times(2), times(3)
def mine(x, act=relu, *, how=partial(relu, x=relu)):
    if mine is None: return np.mean(x)
    some = act(x) + KNOWN["b"] + WEIGHTS[0] + (x in {"p", "q", "r", "s"})
    return some + bool(THING) + TWICE(DTYPE(len(BYTES))) + THRICE(1)
"""


def test_a_readers_function_has_one_hash_in_every_process_and_another_with_what_it_uses():
    hashes = set()
    for seed in ("1", "2", "3"):
        code = f"{OWN}\nfrom dgan_core.io.fingerprint import of_function\nprint(of_function(mine))"
        done = subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True
        )
        hashes.add(done.stdout)
    assert len(hashes) == 1 and hashes != {""}
    exec(OWN, names := {})
    found = {of_function(names["mine"])}
    names["KNOWN"]["a"][0] = 3
    found.add(of_function(names["mine"]))
    names["WEIGHTS"][1500] = 7  # where a repr is abridged
    found.add(of_function(names["mine"]))
    names["mine"].__defaults__ = (abs,)
    found.add(of_function(names["mine"]))
    names["THRICE"] = names["times"](4)  # beside TWICE, of the same code
    found.add(of_function(names["mine"]))
    assert len(found) == 5


def test_a_list_that_a_function_fills_makes_it_another_one_each_time():
    exec("seen = []\ndef loss(x):\n    seen.append(x)\n    return x", names := {})
    before = of_function(names["loss"])
    names["loss"](1)
    assert of_function(names["loss"]) != before
