"""Every parameter of a run, its default and the reason for it.

The defaults are the paper's printed protocol; a profile is a small table of departures from it, a model another.
"""

import ast
import difflib
import hashlib
import json
import re
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from dgan_core.profiles import LOSSES, PENALTIES, tables

SEED_LIMIT = 2**32 - 1
TEXT = {"strict": True, "min_length": 1, "max_length": 4096}  # strict: pydantic would decode bytes
Width = Annotated[int, Field(ge=1, le=1024)]
OF_DGAN = ("loss", "penalty", "lam", "lam_penalty", "lam_perceptual", "precision")  # refused for a StyleGAN
NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,39}$"  # of a loss or a penalty
RUN_ID = {"strict": True, "pattern": r"^([A-Za-z0-9_-][A-Za-z0-9_.-]{0,99})?$"}
MEANT = {"lr": "learning_rate", "lambda": "lam", "lambda_": "lam", "lam_gp": "lam_penalty", "size": "image_size"}


def _must(be: str, default: Any, **limits: Any) -> Any:
    """A field whose description completes the sentence 'NAME must be …'."""
    return Field(default=default, description=be, **limits)


def _whole(default: int, most: int, least: int = 1) -> Any:
    return _must(f"a whole number ≥ {least}", default, ge=least, le=most)


def _number(default: Any, be: str = "a number ≥ 0", **limits: Any) -> Any:
    """At most 10⁶, which float32 holds with room for products."""
    return _must(be, default, **{"ge": 0, "le": 1e6, "allow_inf_nan": False, **limits})


class Config(BaseModel):
    """One run. Unknown or impossible parameters raise ValueError in one sentence naming the field."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    profile: Literal["quick", "paper"] = _must("'quick' or 'paper'", "quick")
    model: Literal["dgan", "stylegan2", "stylegan3"] = _must("'dgan', 'stylegan2' or 'stylegan3'", "dgan")
    loss: str = _must("the name of a loss", "wgan-gp", strict=True, pattern=NAME)
    penalty: str | None = _must("the name of a penalty", None, strict=True, pattern=NAME)  # None: gp for wgan-gp alone
    lam: float = _number(5.0)
    # λ weighs the penalty, if there is one, and the perceptual term; these pull the two apart.
    lam_penalty: float | None = _number(None, "a number ≥ 0, or None for lam")
    lam_perceptual: float | None = _number(None, "a number ≥ 0, or None for lam")
    perceptual_scale: float = _number(1e-4, "a number > 0", ge=None, gt=0)  # raw ImageNet features are ~10²

    data: str = _must("'phantom', 'busi' or a folder of images", "phantom", **TEXT)
    label: str = _must("the name of a class, such as 'malignant' or 'benign'", "malignant", **TEXT)
    image_size: Literal[32, 64, 128, 256, 512] = _must("32, 64, 128, 256 or 512", 512)
    resize: Literal["stretch", "pad", "crop"] = _must("'stretch', 'pad' or 'crop'", "stretch")
    n_phantoms: int = _whole(210, 100_000, least=2)  # as many as BUSI has malignant scans
    seed_data: int = _whole(0, SEED_LIMIT, least=0)  # of the phantoms

    latent_dim: int = _whole(100, 4096)
    generator_width: int = _whole(512, 2048)  # channels at 8×8, halved per doubling
    critic_width: int = _whole(128, 1024)  # first layer of the path, doubled twice
    bn_momentum: float = _must("a number in [0, 1)", 0.99, ge=0, lt=1)
    backbone: str = _must("'imagenet', 'random' or a weights file", "imagenet", **TEXT)
    backbone_widths: tuple[Width, Width] = _must("two whole numbers (64, 128 unless random)", (64, 128))

    # The StyleGANs' networks and regularisation; the DGAN has none of these.
    variant: Literal["t", "r"] = _must("'t' or 'r'", "t")  # StyleGAN3: equivariant to translation, or to rotation too
    w_dim: int = _whole(512, 4096)
    mapping_layers: int = _whole(8, 64)
    channel_base: int = _whole(32768, 2**20)  # channels at resolution r: channel_base / r, at most
    channel_max: int = _whole(512, 2048)
    style_mixing: float = _must("a number in [0, 1]", 0.9, ge=0, le=1)  # chance that a minibatch mixes two w
    r1_scale: float = _number(2e-4)  # γ = r1_scale · image_size² / batch_size
    path_weight: float = _number(2.0)  # 0: no path-length regularisation
    ada_target: float = _must("a number in [-1, 1]", 0.6, ge=-1, le=1)  # of E[sign D(real)]
    ada_images: int = _whole(500_000, 10**12)  # images in which p can go from 0 to 1

    epochs: int = _whole(500, 10**6)
    batch_size: int = _whole(2, 4096)
    n_critic: int = _whole(5, 1000)
    precision: Literal["float32", "bfloat16"] = _must("'float32' or 'bfloat16'", "float32")  # of activations alone
    learning_rate: float = _number(1e-5, "a number > 0", ge=None, gt=0)
    critic_lr_ratio: float = _number(1.0, "a number > 0", ge=None, gt=0)  # critic's learning rate over G's
    lr_decay: float = _must("a number in (0, 1]", 0.995, gt=0, le=1)  # per epoch
    lr_floor: float = _number(1e-7)
    beta_1: float = _must("a number in [0, 1)", 0.5, ge=0, lt=1)
    beta_2: float = _must("a number in [0, 1)", 0.999, ge=0, lt=1)  # not printed: TensorFlow's default
    seed: int = _whole(0, SEED_LIMIT, least=0)
    snapshots: int = _whole(11, 10_000)  # after epoch 0, evenly spaced, the last included
    checkpoint_every: int = _whole(5, 10**6)  # epochs

    extractor: str = _must("a feature extractor's name, see dgan_core.metrics.features", "inception", **TEXT)
    lpips_weights: str = _must("'official', 'random' or a weights file", "official", **TEXT)
    run_id: str = _must("letters, digits, '.', '_' and '-', at most 100, not starting with '.'", "", **RUN_ID)

    def __init__(self, defined: bool = True, /, **parameters: Any) -> None:
        try:
            super().__init__(**parameters)
        except ValidationError as error:
            raise ValueError(_sentence(error)) from None
        if defined and self.model == "dgan":
            _check_defined("loss", self.loss, "OBJECTIVES", LOSSES)
            _check_defined("penalty", self.penalty, "PENALTIES", PENALTIES)

    @classmethod
    def recorded(cls, parameters: dict[str, Any]) -> "Config":
        """The configuration of a run on disk; its loss and penalty need not be defined in this process."""
        return cls(False, **parameters)

    @model_validator(mode="before")
    @classmethod
    def _fill_from_tables(cls, given: dict[str, Any]) -> dict[str, Any]:
        """The profile's table, the model's, the model's within the profile, then what is given."""
        for name, value in given.items():  # Python counts True as 1, and so would pydantic
            if isinstance(value, bool) and name in cls.model_fields:
                raise ValueError(f"{name} must be {cls.model_fields[name].description}, got {value}")
        profile, model = given.get("profile", "quick"), given.get("model", "dgan")
        if not isinstance(profile, str) or not isinstance(model, str):
            return given  # refused by their fields
        return {**tables(profile, model), **given}

    @field_validator("data")
    @classmethod
    def _absolute(cls, data: str) -> str:
        """A folder is kept as its absolute path, so that a run means the same from every directory."""
        return data if data in ("phantom", "busi") else str(_path(data).resolve())

    @field_validator("backbone", "lpips_weights")
    @classmethod
    def _possible(cls, file: str) -> str:
        _path(file)
        return file

    @field_validator("run_id", "label", "data", mode="before")
    @classmethod
    def _as_text(cls, name: Any) -> Any:
        """Papermill hands `-p run_id 7` on as a number."""
        return str(name) if isinstance(name, int) else name

    @model_validator(mode="after")
    def _consistent(self) -> "Config":
        if self.backbone != "random" and self.backbone_widths != (64, 128):
            shown = _shown(self.backbone)
            raise ValueError(f"backbone_widths must be (64, 128) with backbone {shown}, got {self.backbone_widths}")
        if self.variant != "t" and self.model != "stylegan3":
            raise ValueError(f"variant must be 't' with model '{self.model}', got '{self.variant}'")
        for name in OF_DGAN if self.model != "dgan" else ():
            if getattr(self, name) != Config.model_fields[name].default:
                raise ValueError(f"{name} is a parameter of the DGAN: leave it out with model '{self.model}'")
        if self.model == "dgan":
            self._settle_penalty()
        if not self.run_id:
            object.__setattr__(self, "run_id", self._name())
        return self

    def _usual_penalty(self) -> str:
        return "gp" if self.loss == "wgan-gp" else "none"

    def _settle_penalty(self) -> None:
        """ "wgan-gp" is the paper's name for the Wasserstein loss with the gradient penalty, and the only one."""
        penalty = self.penalty or self._usual_penalty()
        if self.loss == "wgan-gp" and penalty != "gp":
            raise ValueError(f"penalty must be 'gp' with loss 'wgan-gp', got '{penalty}': choose loss 'wasserstein'")
        object.__setattr__(self, "penalty", penalty)
        if (self.loss, penalty) == ("wasserstein", "gp"):
            object.__setattr__(self, "loss", "wgan-gp")

    def _name(self) -> str:
        """What tells this run from its neighbours: the settings that are compared, then whatever else differs."""
        profile = Config.model_construct(**tables(self.profile, self.model))
        parts = [self.model]
        if self.model == "dgan":
            parts += [self.loss, "" if self.penalty == self._usual_penalty() else self.penalty]
            weights = {"lam": self.lam, "gp": self.lam_penalty, "perc": self.lam_perceptual}
            parts += [f"{name}{value:g}".replace("+", "") for name, value in weights.items() if value is not None]
        parts += [f"seed{self.seed}", "" if self.variant == "t" else self.variant]
        if self.data != "phantom":  # a folder by its last name; BUSI by BUSI, wherever it lies
            parts.append(re.sub(r"[^a-z0-9]+", "-", data_set(self.data).lower()).strip("-"))
        told = {"label": "{}", "resize": "{}", "image_size": "{}px", "epochs": "{}epochs", "precision": "{}"}
        differ = [f for f in Config.model_fields if f not in NAMED and getattr(self, f) != getattr(profile, f)]
        plain = [field for field in differ if field in told and re.fullmatch(NAME, str(getattr(self, field)))]
        parts += [told[field].format(getattr(self, field)) for field in plain]
        others = {field: str(getattr(self, field)).rsplit("/", 1)[-1] for field in differ if field not in plain}
        parts += [hashlib.sha256(json.dumps(others, sort_keys=True).encode()).hexdigest()[:6]] if others else []
        return "-".join(part for part in parts if part)[:100]

    @classmethod
    def from_notebook(cls, names: dict[str, Any], besides: tuple[str, ...] = ()) -> "Config":
        """A notebook's globals() → Config; None means the profile's default.

        Only what its parameters cell and papermill assign counts, so that a reader's own variables and imports never
        matter.  The parameters cell is the last one run that assigns `profile`.
        besides: parameters that are the notebook's own.  Papermill only warns of a parameter that the notebook lacks;
        here its name is refused.
        """
        given, injected = _assigned(names.get("In", []), "profile")
        given = given or set(cls.model_fields)  # run by something other than IPython
        chosen = {name: names[name] for name in (given | injected) - {*besides} if names.get(name) is not None}
        return cls(**{name: value for name, value in chosen.items() if name in injected or name in cls.model_fields})


# Fields that a run's name tells by itself, or that don't change the run.
NAMED = (
    *("profile", "model", "loss", "penalty", "lam", "lam_penalty", "lam_perceptual", "data", "seed", "variant"),
    *("run_id", "extractor", "lpips_weights", "checkpoint_every"),
)


def is_busi(data: str) -> bool:
    """Whether images are BUSI's by the name of their folder or of the one that it lies in."""
    return any(re.search("(?<![a-z])busi(?![a-z])", part.lower()) for part in Path(data).parts[-2:])


def data_set(data: str) -> str:
    """A name for images wherever they lie: "phantom", "busi", or that of their folder or archive."""
    return data if data == "phantom" else "busi" if is_busi(data) else Path(data).stem


def _check_defined(field: str, name: str, table: str, shipped: tuple[str, ...]) -> None:
    """Refuse a loss or penalty that is in no table; where losses was never imported, nobody can have added one."""
    losses = sys.modules.get("dgan_core.losses")
    known = tuple(getattr(losses, table, shipped))
    if name not in known:
        raise ValueError(
            f"{field} must be one of {', '.join(known)}, or one of your own added to losses.{table}, got {_shown(name)}"
        )


def _assigned(cells: list[str], marker: str) -> tuple[set[str], set[str]]:
    """Names assigned by the last cell run that assigns `marker`, and by papermill's own cells after it."""
    given: set[str] = set()
    injected: set[str] = set()
    for source in cells:
        try:
            body = ast.parse(source).body
        except SyntaxError:  # a shell command or a magic
            continue
        names = {t.id for s in body if isinstance(s, ast.Assign) for t in s.targets if isinstance(t, ast.Name)}
        if source.startswith("# Parameters"):
            injected |= names
        elif marker in names:
            given, injected = names, set()
    return given, injected


def _path(text: str) -> Path:
    try:
        path = Path(text).expanduser()
        path.resolve()
    except (RuntimeError, OSError) as error:  # a home of nobody, links in a circle, a name too long
        raise ValueError(str(error)) from None
    return path


def _sentence(error: ValidationError) -> str:
    """Pydantic's first complaint as one sentence: field, allowed values, value given."""
    first = error.errors()[0]
    if not first["loc"]:
        return str(first["ctx"]["error"])
    name = str(first["loc"][0])
    if first["type"] == "extra_forbidden":
        near = [MEANT[name]] if name in MEANT else difflib.get_close_matches(name[:100], Config.model_fields, n=1)
        hint = f"; did you mean '{near[0]}'?" if near else f"; known are {', '.join(Config.model_fields)}"
        return f"{_shown(name)} is not a parameter{hint}"
    most = first["ctx"]["le"] if first["type"] == "less_than_equal" and len(first["loc"]) == 1 else 0
    if most > 1:  # the ranges that end at 1 say so themselves
        return f"{name} must be at most {most:,.15g}, got {_shown(first['input'])}"
    return f"{name} must be {Config.model_fields[name].description}, got {_shown(first['input'])}"


def _shown(value: Any) -> str:
    """A value in one line of at most 100 characters."""
    try:
        text = " ".join(repr(value).split())
    except Exception:  # a whole number of thousands of digits, or an object that can't be shown
        return f"an unprintable {type(value).__name__}"
    return text if len(text) <= 100 else f"{text[:97]}…"
