"""What a profile and a model change of a Config's defaults, which are the paper's printed protocol."""

from typing import Any

LAMBDAS = (0.5, 3.0, 5.0, 7.0, 10.0)  # Tables 1 and 2
# What losses.OBJECTIVES and losses.PENALTIES hold before a reader adds to them; here, since they import Keras.
LOSSES = ("bce", "wgan-gp", "wasserstein", "bce-saturating", "least-squares", "hinge", "relativistic")
PENALTIES = ("none", "gp", "r1", "r1-r2", "clip")

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
        "extractor": "efficientnet-lite0",
        "lpips_weights": "random",
    },
}

# What each model changes: as "paper" its authors' settings (Karras et al. 2020, 2021), as "quick" departures on top.
_STYLEGAN = {"latent_dim": 512, "batch_size": 32, "n_critic": 1, "lr_decay": 1.0, "beta_1": 0.0, "beta_2": 0.99}
_NARROW = {"latent_dim": 64, "w_dim": 64, "ada_images": 20_000}  # the printed 500,000 would leave p at 0.01 for long
MODELS: dict[str, dict[str, dict[str, Any]]] = {
    "dgan": {"paper": {}, "quick": {}},
    "stylegan2": {
        # γ = 5 at 512×512 and a batch of 32: the authors' for AFHQv2
        "paper": {**_STYLEGAN, "learning_rate": 2e-3, "r1_scale": 6.1e-4},
        "quick": {**_NARROW, "channel_base": 512, "channel_max": 32, "batch_size": 8, "epochs": 24},
    },
    "stylegan3": {
        "paper": {
            **_STYLEGAN,
            "mapping_layers": 2,
            "learning_rate": 2.5e-3,
            "critic_lr_ratio": 0.8,  # 0.002
            "style_mixing": 0.0,
            "path_weight": 0.0,
            "r1_scale": 1e-3,  # γ = 8.2, as printed for variant T on AFHQv2; 16.4 is printed for R
        },
        "quick": {**_NARROW, "channel_base": 256, "channel_max": 16, "batch_size": 4, "epochs": 15},
    },
}


def tables(profile: str, model: str) -> dict[str, Any]:
    """The profile's values, the model's, then the model's within the profile."""
    changes = MODELS.get(model, {})
    return {**PROFILES.get(profile, {}), **changes.get("paper", {}), **changes.get(profile, {})}
