"""GAN losses on breast ultrasound: models, losses, training and metrics.

from dgan_core import Config, fit
run = fit(Config(loss="bce", lam=3))
"""

from dgan_core.config import Config

__version__ = "0.1.0"
__all__ = ["Config", "Run", "fit", "generate"]


def __getattr__(name: str):
    """`Run`, `fit` and `generate` on first use: a plain import is quick and loads no deep-learning framework."""
    if name == "Run":
        from dgan_core.runs import Run

        return Run
    if name in ("fit", "generate"):
        from dgan_core.training import loop

        return getattr(loop, name)
    raise AttributeError(f"module 'dgan_core' has no attribute '{name}'")
