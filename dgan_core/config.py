"""Every parameter of a run, its default and the reason for it.

The defaults are the paper's printed protocol; a profile is a small table of departures from it.
"""

import difflib
import math
import types
from pathlib import Path
from typing import Any, Literal

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


def _must(be: str, default: Any, **limits: Any) -> Any:
    """A field whose description completes the sentence 'NAME must be …'."""
    return Field(default=default, description=be, **limits)


class Config(BaseModel):
    """One run. Unknown or impossible parameters raise ValueError in one sentence naming the field."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    profile: Literal["quick", "paper"] = _must("'quick' or 'paper'", "quick")
    model: Literal["dgan"] = _must("'dgan'", "dgan")
    loss: Literal["wgan-gp", "bce"] = _must("'wgan-gp' or 'bce'", "wgan-gp")
    lam: float = _must("a number ≥ 0", 5.0, ge=0, allow_inf_nan=False)
    # λ weighs both terms under WGAN-GP, the perceptual one under BCE; these pull the two apart.
    lam_gp: float | None = _must("a number ≥ 0, or None for lam", None, ge=0, allow_inf_nan=False)
    lam_perceptual: float | None = _must("a number ≥ 0, or None for lam", None, ge=0, allow_inf_nan=False)
    perceptual_scale: float = _must("a number > 0", 1e-4, gt=0, allow_inf_nan=False)  # raw ImageNet features are ~10²

    data: str = _must("'phantom', 'busi' or a BUSI folder", "phantom", min_length=1)
    label: Literal["malignant", "benign"] = _must("'malignant' or 'benign'", "malignant")
    image_size: Literal[32, 64, 128, 256, 512] = _must("32, 64, 128, 256 or 512", 512)
    resize: Literal["stretch", "pad"] = _must("'stretch' or 'pad'", "stretch")
    n_phantoms: int = _must("a whole number ≥ 2", 210, ge=2)  # as many as BUSI has malignant scans
    seed_data: int = _must("a whole number ≥ 0", 0, ge=0)  # of the phantoms

    latent_dim: int = _must("a whole number ≥ 1", 100, ge=1)
    generator_width: int = _must("a whole number ≥ 1", 512, ge=1)  # channels at 8×8, halved per doubling
    critic_width: int = _must("a whole number ≥ 1", 128, ge=1)  # first layer of the path, doubled twice
    bn_momentum: float = _must("a number in [0, 1)", 0.99, ge=0, lt=1)
    backbone: str = _must("'imagenet', 'random' or a weights file (.h5 or .npz)", "imagenet", min_length=1)
    backbone_widths: tuple[int, int] = _must("two whole numbers (64, 128 unless random)", (64, 128))

    epochs: int = _must("a whole number ≥ 1", 500, ge=1)
    batch_size: int = _must("a whole number ≥ 1", 2, ge=1)
    n_critic: int = _must("a whole number ≥ 1", 5, ge=1)
    learning_rate: float = _must("a number > 0", 1e-5, gt=0, allow_inf_nan=False)
    lr_decay: float = _must("a number in (0, 1]", 0.995, gt=0, le=1)  # per epoch
    lr_floor: float = _must("a number ≥ 0", 1e-7, ge=0, allow_inf_nan=False)
    beta_1: float = _must("a number in [0, 1)", 0.5, ge=0, lt=1)
    beta_2: float = _must("a number in [0, 1)", 0.999, ge=0, lt=1)  # not printed: TensorFlow's default
    seed: int = _must("a whole number ≥ 0", 0, ge=0)
    snapshots: int = _must("a whole number ≥ 1", 11, ge=1)  # after epoch 0, evenly spaced, the last included
    checkpoint_every: int = _must("a whole number ≥ 1 (epochs)", 5, ge=1)

    extractor: str = _must("a feature extractor's name, see dgan_core.metrics.features", "inception", min_length=1)
    lpips_weights: str = _must("'official', 'random' or a weights file", "official", min_length=1)
    run_id: str = _must("letters, digits, '.', '_' and '-', not starting with '.'", "", pattern=r"^([\w-][\w.-]*)?$")

    def __init__(self, **parameters: Any) -> None:
        try:
            super().__init__(**parameters)
        except ValidationError as error:
            raise ValueError(_sentence(error)) from None

    @model_validator(mode="before")
    @classmethod
    def _fill_from_profile(cls, given: dict[str, Any]) -> dict[str, Any]:
        profile = given.get("profile", "quick")
        return {**(PROFILES.get(profile, {}) if isinstance(profile, str) else {}), **given}

    @field_validator("data")
    @classmethod
    def _absolute(cls, data: str) -> str:
        """A folder is kept as its absolute path, so that a run means the same from every directory."""
        return data if data in ("phantom", "busi") else str(Path(data).expanduser().resolve())

    @model_validator(mode="after")
    def _consistent(self) -> "Config":
        if self.backbone != "random" and self.backbone_widths != (64, 128):
            raise ValueError(
                f"backbone_widths must be (64, 128) with backbone '{self.backbone}', got {self.backbone_widths}"
            )
        if not self.run_id:
            lam = "".join(
                f"-{name}{value:g}"
                for name, value in (("lam", self.lam), ("gp", self.lam_gp), ("perc", self.lam_perceptual))
                if value is not None
            )
            data = "" if self.data == "phantom" else "-busi"
            object.__setattr__(self, "run_id", f"{self.model}-{self.loss}{lam}-seed{self.seed}{data}")
        return self

    @classmethod
    def from_notebook(cls, names: dict[str, Any]) -> "Config":
        """The plain values among a notebook's globals() → Config; None means the profile's default.

        Papermill only warns of a parameter that the notebook lacks; here its name is refused.
        """
        plain = (str, int, float, bool, tuple, list)
        hidden = {"In", "Out", "exit", "quit", "open", "get_ipython"}
        return cls(
            **{
                name: value
                for name, value in names.items()
                if not name.startswith("_")
                and name not in hidden
                and not isinstance(value, types.ModuleType)
                and isinstance(value, plain)
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

    def rate(self, epoch: int) -> float:
        """Learning rate in `epoch` (from 0): decayed geometrically down to the floor."""
        return max(self.learning_rate * self.lr_decay**epoch, min(self.lr_floor, self.learning_rate))

    def snapshot_epochs(self) -> tuple[int, ...]:
        """Epochs after which the generator is kept: 0, …, epochs, evenly spaced."""
        return tuple(sorted({math.ceil(i * self.epochs / self.snapshots) for i in range(self.snapshots + 1)}))


def _sentence(error: ValidationError) -> str:
    """Pydantic's first complaint as one sentence: field, allowed values, value given."""
    first = error.errors()[0]
    if not first["loc"]:
        return str(first["ctx"]["error"])
    name = str(first["loc"][0])
    if first["type"] == "extra_forbidden":
        near = difflib.get_close_matches(name, Config.model_fields, n=1)
        hint = f"; did you mean '{near[0]}'?" if near else f"; known are {', '.join(Config.model_fields)}"
        return f"'{name}' is not a parameter{hint}"
    return f"{name} must be {Config.model_fields[name].description}, got {first['input']!r}"
