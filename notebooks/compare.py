# %% [markdown]
# # Compare two runs
#
# Two runs side by side: their losses, their samples epoch by epoch, their metrics, and which loss is lower at
# each λ.

# %% tags=["parameters", "hide-input"]
runs = "runs"  # folder of run directories; relative to the project or absolute
profile = "quick"  # "quick", "paper", or another folder inside it
data = "phantom"  # keep only runs trained on this: "phantom", "busi" or a folder
left_model = "dgan"  # "dgan", "stylegan2" or "stylegan3"
left_loss = "wgan-gp"  # "wgan-gp" or "bce"; a StyleGAN ignores it
left_lam = 5.0  # one of the λ that were run
right_model = "dgan"
right_loss = "bce"
right_lam = 3.0

# %% tags=["hide-input"]
from IPython.display import Markdown, display

import dgan_report as report

found = report.collect(runs, profile, data)
display(Markdown(report.badge(found)))

# %% [markdown]
# ## Losses during training

# %% tags=["hide-input"]
left = report.find(found, left_model, left_loss, left_lam)
right = report.find(found, right_model, right_loss, right_lam)
for side, run in (("left", left), ("right", right)):
    display(
        Markdown(
            f"**{side}: {run.label if run else 'not run'}** · {report.badge([run])}"
        )
    )
report.picture(
    report.figure_losses([left, right]),
    f"Figure C1. What the two runs logged at each step. {report.finding_losses([left, right])}",
    alt="A panel for each logged quantity against the step, such as losses and gradient norms, a line a run.",
)

# %% [markdown]
# The two objectives have different units: compare the shape of a curve over time, never its height with the
# other's. Under WGAN-GP the score difference estimates a Wasserstein distance, up to the critic's Lipschitz
# constant; under BCE it is a difference of logits. An accuracy of 1 says that BCE's critic tells every image of a
# minibatch, and has little left to teach; a Wasserstein critic has no threshold, and so no accuracy.

# %% [markdown]
# ## Samples

# %% tags=["hide-input"]
report.picture(
    report.figure_progress([left, right]),
    "Figure C2. Samples of the two runs at the same epochs, from the same z in every row.",
    alt="Rows of generated images, one row an epoch, the left run's beside the right run's.",
)

# %% [markdown]
# ## Metrics

# %% tags=["hide-input"]
report.show(
    report.side_by_side(left, right),
    "Table C1. The two runs by every metric, and which of them is better.",
    [left, right],
)

# %% [markdown]
# ## Loss against loss at each λ

# %% tags=["hide-input"]
display(Markdown(report.main_claim(found)))
report.show(
    report.per_lam(found),
    "Table C2. KID and FID of both losses at each λ, and which is lower.",
    found,
)
