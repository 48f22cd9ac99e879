"""Run directories as training and evaluation leave them, made up in no time."""

import json

import numpy as np
from PIL import Image

import dgan_report as report

LAMS = (0.5, 3.0, 5.0, 7.0, 10.0)
PAIRED = ("lpips_real_fake", "lpips_fake_fake", "ms_ssim_real_fake", "ms_ssim_fake_fake")


def write_run(root, loss="bce", lam=3.0, kid=0.1, fid=100.0, model="dgan", evaluated=True, **config):
    """One run directory as training and evaluation leave it."""
    name = f"dgan-{loss}-lam{lam:g}" if model == "dgan" else model
    name += f"-seed{config.get('seed', 0)}"
    path = root / "quick" / name
    (path / "samples").mkdir(parents=True)
    defaults = {
        "profile": "quick", "model": model, "loss": loss, "lam": lam, "image_size": 8,
        "data": "phantom", "epochs": 4, "seed": 0, "extractor": "random",
        "lpips_weights": "random",
    }  # fmt: skip
    (path / "config.json").write_text(json.dumps(defaults | config))
    rows = [{"step": s, "epoch": s, "critic_loss": 1.0 / (s + 1), "generator_loss": 0.5} for s in range(4)]
    (path / "log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows) + '{"step": 4, "cri')
    (path / "environment.json").write_text(json.dumps({"commit": "abcdef0123456789"}))
    rng = np.random.default_rng(0)
    for sample in ("real", "final", "epoch-0002"):
        Image.fromarray(rng.integers(0, 256, (32, 32), dtype=np.uint8)).save(path / f"samples/{sample}.png")
    if not evaluated:
        return path
    final = {"n_real": 16, "n_fake": 16, "extractor": "random", "kid": kid, "kid_mean": kid, "kid_std": 0.01,
             "kid_subset_size": 8, "fid": fid, "swd_pca": 2.5, "swd_umap": 1.5, "fid_infinity": fid - 10,
             "precision": 0.5, "recall": 0.25, "density": 1.5, "coverage": 0.75, "memorisation_p": 0.5,
             "swd_umap_seeds_mean": 1.4, "swd_umap_seeds_std": 0.1}  # fmt: skip
    final |= {key: 0.5 for key in PAIRED}
    final |= {f"{key}_floor": final[key] / 4 for key in ("kid", "kid_mean", "kid_std", "fid", *PAIRED)}
    final |= {"precision_floor": 0.9, "recall_floor": 0.9, "density_floor": 1.0, "coverage_floor": 1.0}
    final |= {f"{key}_std": 0.05 for key in PAIRED}
    manifold = ("precision", "recall", "density", "coverage")
    for key in ("kid", "fid", "fid_infinity", "swd_pca", "swd_umap", *manifold, *PAIRED):
        final |= {f"{key}_low": 0.9 * final[key], f"{key}_high": 1.1 * final[key]}
    history = [{"epoch": e, "kid": kid + 1 - e / 4, "kid_mean": 0.0, "kid_std": 0.0, "fid": fid}
               for e in (0, 2, 4)]  # fmt: skip
    metrics = {"final": final, "history": history, "seconds": 1.0}
    (path / "metrics.json").write_text(json.dumps(metrics))
    points = {f"{kind}_{side}": rng.normal(size=(16, 2)) for kind in ("pca", "umap") for side in ("real", "fake")}
    np.savez(path / "embeddings.npz", **points)
    return path


def sweep(root, advantage=0.05):
    """All ten runs; WGAN-GP lower by `advantage` at every λ."""
    for lam in LAMS:
        write_run(root, "bce", lam, kid=0.2, fid=200.0)
        write_run(root, "wgan-gp", lam, kid=0.2 - advantage, fid=200 - 100 * advantage)
    write_run(root, None, 0, kid=0.4, model="real")
    return report.collect(root)
