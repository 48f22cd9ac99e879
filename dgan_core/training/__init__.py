"""Training: `loop.fit` runs a model's trainer, and `step` holds the two updates that a GAN is trained by.

A trainer is a small class built from a Config:
initial_state() → nested dicts and lists of arrays; prepare(images) → data on the device;
iteration(state, data, i) → (state, measurements of each update); snapshot(state) → arrays; sample(arrays, z) → images.
"""

from dgan_core.io.fingerprint import fingerprint

TRAINERS = {
    "dgan": "dgan_core.training.dgan:DGAN",
    "stylegan2": "dgan_stylegan.trainer:StyleGAN",
    "stylegan3": "dgan_stylegan.trainer:StyleGAN",
}

# They hold values that a run's config.json records, or read, write and tell; what they do changes no trained number.
NEUTRAL = tuple(
    f"dgan_core.{name}"
    for name in ("config", "profiles", "runs", "training.events", "training.forecast", "io.archives", "io.downloads",
                 "io.environment", "io.files", "io.fingerprint", "io.packed", "io.quiet")
)  # fmt: skip


def source(model: str) -> dict[str, str]:
    """{module: hash} of the code that determines what a training of this model gives; imports none of it."""
    backends = (f"dgan_core.backend.{name}" for name in ("tensorflow", "jax", "torch"))
    entries = (TRAINERS[model], "dgan_core.training.loop:train", "dgan_core.data:load", *backends)
    return fingerprint(*entries, without=NEUTRAL)
