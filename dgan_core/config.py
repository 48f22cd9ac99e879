"""Every parameter of a run, its default and the reason for it.

The defaults are the paper's printed protocol; a profile is a small table of departures from it, a model another.
"""

import difflib
import math
import types
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

LAMBDAS = (0.5, 3.0, 5.0, 7.0, 10.0)  # Tables 1 and 2
LOSSES = ("wgan-gp", "bce")

PROFILES: dict[str, dict[str, Any]] = {
    "paper": {},
    # A minute on two CPU cores, no download; each departure is explained in book/deviations.md.
    "quick": {
        "image_size": 64,
        "epochs": 70,
        "batch_size": 8,
        "learning_rate": 5e-4,  # the printed 1e-5 moves nothing in a few hundred updates
        "lr_decay": 0.99,
        "generator_width": 128,
        "critic_width": 16,
        "bn_momentum": 0.9,  # 0.99 would still remember the initial statistics at the end
        "backbone": "random",
        "backbone_widths": (8, 16),
        "perceptual_scale": 1.0,
        "snapshots": 4,
        "extractor": "random-vgg16",
        "lpips_weights": "random",
    },
}

# What each model changes: as "paper" its authors' settings (Karras et al. 2020, 2021), as "quick" departures on top.
_NARROW = {
    "latent_dim": 64,
    "w_dim": 64,
    "ada_images": 20_000,  # the printed 500,000 would leave p at 0.01 after a few thousand images
}
MODELS: dict[str, dict[str, dict[str, Any]]] = {
    "dgan": {"paper": {}, "quick": {}},
    "stylegan2": {
        "paper": {
            "latent_dim": 512,
            "batch_size": 32,
            "n_critic": 1,
            "learning_rate": 2e-3,
            "lr_decay": 1.0,
            "beta_1": 0.0,
            "beta_2": 0.99,
        },
        "quick": {**_NARROW, "channel_base": 512, "channel_max": 32, "batch_size": 8, "epochs": 24},
    },
    "stylegan3": {
        "paper": {
            "latent_dim": 512,
            "mapping_layers": 2,
            "batch_size": 32,
            "n_critic": 1,
            "learning_rate": 2.5e-3,
            "critic_rate": 0.8,  # 0.002
            "lr_decay": 1.0,
            "beta_1": 0.0,
            "beta_2": 0.99,
            "style_mixing": 0.0,
            "path_weight": 0.0,
            "r1_scale": 1e-3,  # 8.2 at 512×512 and a batch of 32
        },
        "quick": {**_NARROW, "channel_base": 256, "channel_max": 16, "batch_size": 4, "epochs": 15},
    },
}
SEED_LIMIT = 2**32 - 1
TEXT = {"strict": True, "min_length": 1, "max_length": 4096}  # strict: pydantic would decode bytes
Width = Annotated[int, Field(ge=1, le=1024)]
OF_DGAN = ("loss", "lam", "lam_gp", "lam_perceptual", "precision")  # which no StyleGAN has


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
    loss: Literal["wgan-gp", "bce"] = _must("'wgan-gp' or 'bce'", "wgan-gp")
    lam: float = _number(5.0)
    # λ weighs both terms under WGAN-GP, the perceptual one under BCE; these pull the two apart.
    lam_gp: float | None = _number(None, "a number ≥ 0, or None for lam")
    lam_perceptual: float | None = _number(None, "a number ≥ 0, or None for lam")
    perceptual_scale: float = _number(1e-4, "a number > 0", ge=None, gt=0)  # raw ImageNet features are ~10²

    data: str = _must("'phantom', 'busi' or a BUSI folder", "phantom", **TEXT)
    label: Literal["malignant", "benign"] = _must("'malignant' or 'benign'", "malignant")
    image_size: Literal[32, 64, 128, 256, 512] = _must("32, 64, 128, 256 or 512", 512)
    resize: Literal["stretch", "pad"] = _must("'stretch' or 'pad'", "stretch")
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
    style_mixing: float = _must("a number in [0, 1]", 0.9, ge=0, le=1)  # share of images made of two w
    r1_scale: float = _number(2e-4)  # γ = r1_scale · image_size² / batch_size
    path_weight: float = _number(2.0)  # 0: no path-length regularisation
    ada_target: float = _must("a number in [-1, 1]", 0.6, ge=-1, le=1)  # of E[sign D(real)]
    ada_images: int = _whole(500_000, 10**12)  # images in which p can go from 0 to 1

    epochs: int = _whole(500, 10**6)
    batch_size: int = _whole(2, 4096)
    n_critic: int = _whole(5, 1000)
    precision: Literal["float32", "bfloat16"] = _must("'float32' or 'bfloat16'", "float32")  # of activations alone
    learning_rate: float = _number(1e-5, "a number > 0", ge=None, gt=0)
    critic_rate: float = _number(1.0, "a number > 0", ge=None, gt=0)  # critic's learning rate over G's
    lr_decay: float = _must("a number in (0, 1]", 0.995, gt=0, le=1)  # per epoch
    lr_floor: float = _number(1e-7)
    beta_1: float = _must("a number in [0, 1)", 0.5, ge=0, lt=1)
    beta_2: float = _must("a number in [0, 1)", 0.999, ge=0, lt=1)  # not printed: TensorFlow's default
    seed: int = _whole(0, SEED_LIMIT, least=0)
    snapshots: int = _whole(11, 10_000)  # after epoch 0, evenly spaced, the last included
    checkpoint_every: int = _whole(5, 10**6)  # epochs

    extractor: str = _must("a feature extractor's name, see dgan_core.metrics.features", "inception", **TEXT)
    lpips_weights: str = _must("'official', 'random' or a weights file", "official", **TEXT)
    run_id: str = _must(
        "letters, digits, '.', '_' and '-', at most 100, not starting with '.'",
        "",
        strict=True,
        pattern=r"^([A-Za-z0-9_-][A-Za-z0-9_.-]{0,99})?$",
    )

    def __init__(self, /, **parameters: Any) -> None:
        try:
            super().__init__(**parameters)
        except ValidationError as error:
            raise ValueError(_sentence(error)) from None

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
        tables = MODELS.get(model, {})
        return {**PROFILES.get(profile, {}), **tables.get("paper", {}), **tables.get(profile, {}), **given}

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

    @model_validator(mode="after")
    def _consistent(self) -> "Config":
        if self.backbone != "random" and self.backbone_widths != (64, 128):
            raise ValueError(
                f"backbone_widths must be (64, 128) with backbone {_shown(self.backbone)}, got {self.backbone_widths}"
            )
        if self.variant != "t" and self.model != "stylegan3":
            raise ValueError(f"variant must be 't' with model '{self.model}', got '{self.variant}'")
        for name in OF_DGAN if self.model != "dgan" else ():
            if getattr(self, name) != Config.model_fields[name].default:
                raise ValueError(f"{name} is a parameter of the DGAN: leave it out with model '{self.model}'")
        if not self.run_id:
            object.__setattr__(self, "run_id", self._name())
        return self

    def _name(self) -> str:
        """What tells this run from its neighbours in a report."""
        data = "" if self.data == "phantom" else "-busi"
        if self.model != "dgan":
            variant = "" if self.variant == "t" else f"-{self.variant}"
            return f"{self.model}-seed{self.seed}{variant}{data}"
        lam = "".join(
            f"-{name}{value:g}"
            for name, value in (("lam", self.lam), ("gp", self.lam_gp), ("perc", self.lam_perceptual))
            if value is not None
        ).replace("+", "")  # of 1e+06
        precision = "" if self.precision == "float32" else f"-{self.precision}"
        return f"{self.model}-{self.loss}{lam}-seed{self.seed}{precision}{data}"

    @classmethod
    def from_notebook(cls, names: dict[str, Any], besides: tuple[str, ...] = ()) -> "Config":
        """The plain values among a notebook's globals() → Config; None means the profile's default.

        besides: names of parameters that are the notebook's own.

        Papermill only warns of a parameter that the notebook lacks; here its name is refused. A parameter's own name
        is passed on whatever it holds, so that a dictionary in place of a number is refused too.
        """
        plain = (str, int, float, bool, tuple, list)
        hidden = {"In", "Out", "exit", "quit", "open", "get_ipython"}
        return cls(
            **{
                name: value
                for name, value in names.items()
                if not name.startswith("_")
                and name not in {*hidden, *besides}
                and not isinstance(value, types.ModuleType)
                and (isinstance(value, plain) or (name in cls.model_fields and value is not None))
            }
        )

    @property
    def weight_penalty(self) -> float:
        """Coefficient of the gradient penalty."""
        return self.lam if self.lam_gp is None else self.lam_gp

    @property
    def weight_perceptual(self) -> float:
        """Coefficient of the perceptual term, its scale included."""
        return self.perceptual_scale * (self.lam if self.lam_perceptual is None else self.lam_perceptual)

    @property
    def r1_gamma(self) -> float:
        """γ of the R1 penalty, by the heuristic of Karras et al. 2020 (ADA): ∝ pixels, ∝ 1 / batch."""
        return self.r1_scale * self.image_size**2 / self.batch_size

    def rate(self, epoch: int) -> float:
        """Learning rate in `epoch` (from 0): decayed geometrically down to the floor."""
        return max(self.learning_rate * self.lr_decay**epoch, min(self.lr_floor, self.learning_rate))

    def snapshot_epochs(self) -> tuple[int, ...]:
        """Epochs after which the generator is kept: 0, …, epochs, evenly spaced."""
        return tuple(sorted({math.ceil(i * self.epochs / self.snapshots) for i in range(self.snapshots + 1)}))


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
        near = difflib.get_close_matches(name[:100], Config.model_fields, n=1)
        hint = f"; did you mean '{near[0]}'?" if near else f"; known are {', '.join(Config.model_fields)}"
        return f"{_shown(name)} is not a parameter{hint}"
    if first["type"] == "less_than_equal" and len(first["loc"]) == 1 and "le" in first["ctx"]:
        most = first["ctx"]["le"]
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
