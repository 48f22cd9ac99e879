"""Run directories as training and evaluation leave them, made up in no time."""

import json

import numpy as np

import dgan_report as report
from dgan_core.config import Config
from dgan_core.evaluations import Evaluation, save_evaluation
from dgan_core.io.files import write_record
from dgan_core.profiles import LAMBDAS
from dgan_core.runs import Run

PAIRED = ("lpips_real_fake", "lpips_fake_fake", "ms_ssim_real_fake", "ms_ssim_fake_fake")
NEIGHBOURS = {"precision": 0.5, "recall": 0.25, "density": 1.5, "coverage": 0.75}
SETTINGS = {"extractor": "random-vgg16", "lpips": "alex-random", "n_real": 16, "n_fake": 16}
OF_REAL = {**SETTINGS, "data": "phantom", "width": 32}


def numbers(kernel, frechet, **more):
    """What an evaluation measures: each number with ends 10 % below and above it, a quarter of it as the floor."""
    final = {"kernel_distance": kernel, "frechet_distance": frechet, "frechet_distance_infinity": frechet - 10}
    final |= {"swd_pca": 2.5, "swd_umap": 1.5, **NEIGHBOURS, **dict.fromkeys(PAIRED, 0.5), **more}
    parts = {f"{name}_{part}": k * value for name, value in final.items() for part, k in (("low", 0.9), ("high", 1.1))}
    parts |= {f"{name}_floor": value / 4 for name, value in final.items()}
    return final | parts | {f"{name}_std": 0.05 for name in PAIRED} | {"memorisation_p": 0.5}


def write_run(
    root, loss="bce", lam=3.0, kernel=0.1, frechet=100.0, model="dgan", evaluated=True, others=None, **config
):
    """One run directory as training and evaluation leave it, under root/quick; its path.

    others: {extractor: (kernel, frechet)} of further extractors.  config: any other parameters.
    """
    given = {"model": model, "image_size": 32, "epochs": 4, "batch_size": 4} | config
    given |= {"loss": loss, "lam": lam} if model == "dgan" else {}
    run = Run(Config.recorded(given), root)
    rows = [
        {"step": s, "epoch": s, "critic_loss": 1.0 / (s + 1), "generator_loss": 0.5, "images": 9.0} for s in range(4)
    ]
    (run.path / "log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows) + '{"step": 4, "cri')
    write_record(run.path / "environment.json", {"commit": "abcdef0123456789"})
    rng = np.random.default_rng(0)
    for sample in ("real", "final", "epoch-0002"):
        run.save_grid(sample, rng.integers(0, 256, (16, 32, 32, 1), dtype=np.uint8))
    if not evaluated:
        return run.path
    history = [
        {"epoch": e, "extractor": name, "kernel_distance": k + 1 - e / 4, "frechet_distance": f}
        for name, (k, f) in {SETTINGS["extractor"]: (kernel, frechet), **(others or {})}.items()
        for e in (0, 2, 4)
    ]
    points = {f"{kind}_{side}": rng.normal(size=(16, 2)) for kind in ("pca", "umap") for side in ("real", "fake")}
    measured = {name: numbers(*of) for name, of in (others or {}).items()}
    save_evaluation(run.path, Evaluation(numbers(kernel, frechet), SETTINGS, measured, history, 1.0), points)
    return run.path


def sweep(root, advantage=0.05, **config):
    """The paper's ten DGANs, WGAN-GP's kernel distance lower by `advantage` at every λ; and real against real."""
    for lam in LAMBDAS:
        write_run(root, "bce", lam, kernel=0.2, frechet=200.0, **config)
        write_run(root, "wgan-gp", lam, kernel=0.2 - advantage, frechet=200 - 100 * advantage, **config)
    save_evaluation(root / "quick/real-malignant-benign-seed0", Evaluation(numbers(0.4, 400.0), OF_REAL))
    return report.collect(root)
