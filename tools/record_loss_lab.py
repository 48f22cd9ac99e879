"""Record what the loss lab shows without JavaScript, as book/_static/loss-lab/recorded*.webp.

The package trains the two settings that the lab starts with, and draws their points over the real ones.
"""

import io
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

from dgan_core import Config, rng
from dgan_core.data.ring import modes_covered, ring
from dgan_core.training.points import Points
from dgan_report.animation import drawn
from dgan_report.style import use_style

FOLDER = Path(__file__).resolve().parents[1] / "book" / "_static" / "loss-lab"
ITERATIONS, EVERY, MILLISECONDS, SHOWN = 300, 15, 250, 180
PANELS = {
    "Wasserstein, gradient penalty": {"loss": "wasserstein", "penalty": "gp", "lam": 1},
    "BCE, no penalty": {"loss": "bce", "penalty": "none"},
}
SMALL = {"batch_size": 128, "latent_dim": 2, "generator_width": 64, "critic_width": 64, "lam_perceptual": 0}
SMALL |= {"learning_rate": 2e-3, "lr_decay": 1, "beta_2": 0.9, "n_critic": 5}


def train(setting: dict) -> list[np.ndarray]:
    """1,000 generated points, (1000, 2), at the start and after every few iterations."""
    points = Points(Config(**setting, **SMALL))
    state, data, z = points.initial_state(), points.prepare(ring(4096)), rng.normal(0, "z sample", 0, (1000, 2))
    seen = []
    for i in range(ITERATIONS + 1):
        if i % EVERY == 0:
            seen.append(np.reshape(points.generate(state["g"], [], z)[0], (1000, 2)))
        state, _ = points.iteration(state, data, i)
    return seen


def frames(trained: dict) -> list[Image.Image]:
    """A picture of both panels for each moment."""
    real = ring(SHOWN, 1).reshape(-1, 2)
    figure, axes = plt.subplots(1, 2, figsize=(7.2, 4.0), dpi=100)
    pictures = []
    for k in range(ITERATIONS // EVERY + 1):
        for axis, (name, seen) in zip(axes, trained.items(), strict=True):
            axis.clear()
            axis.plot(*real.T, ".", ms=3, color="#33383d")
            axis.plot(*seen[k][:SHOWN].T, ".", ms=3.5, color="#d55e00")
            axis.set(xlim=(-3, 3), ylim=(-3, 3), xticks=[], yticks=[], aspect="equal")
            axis.set_title(f"{name}\niteration {k * EVERY}, {modes_covered(seen[k])} of 8 modes", fontsize=10)
        pictures.append(Image.fromarray(drawn(figure)))
    return pictures


def save(name: str, pictures: list[Image.Image], **timing) -> None:
    file = io.BytesIO()
    pictures[0].save(file, "WEBP", quality=35, method=6, **timing)
    (FOLDER / name).write_bytes(file.getvalue())


if __name__ == "__main__":
    use_style()
    pictures = frames({name: train(setting) for name, setting in PANELS.items()})
    duration = [MILLISECONDS] * (len(pictures) - 1) + [3000]
    save("recorded.webp", pictures, save_all=True, append_images=pictures[1:], loop=0, duration=duration)
    save("recorded-end.webp", pictures[-1:])
