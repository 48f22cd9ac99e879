"""The smallest DGAN run that has everything: two snapshots, several checkpoints, updates of both networks."""

TINY = {
    "image_size": 32,
    "n_phantoms": 8,
    "batch_size": 2,
    "epochs": 4,
    "n_critic": 2,
    "generator_width": 16,
    "critic_width": 4,
    "backbone_widths": (4, 4),
    "latent_dim": 8,
    "snapshots": 2,
    "checkpoint_every": 1,
}
