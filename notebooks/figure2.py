# %% [markdown]
# # Figure 2: the images themselves
#
# One row each: real images, then the first images of each model's fixed draw of z. Nothing was selected, and
# both DGANs see the same z. No metric replaces looking.

# %% tags=["parameters", "hide-input"]
runs = "runs"  # folder of run directories; relative to the project or absolute
profile = "quick"  # "quick", "paper", or another folder inside it
data = "phantom"  # keep only runs trained on this: "phantom", "busi" or a folder

# %% tags=["hide-input"]
from IPython.display import Markdown, display

import dgan_report as report

found = report.collect(runs, profile, data)
display(Markdown(report.badge(found)))

# %% tags=["hide-input"]
report.picture(
    report.figure2(found),
    report.caption2(found),
    alt="Five rows of eight ultrasound images: real ones, then those of WGAN-GP, BCE, StyleGAN2 and StyleGAN3.",
)

# %% [markdown]
# What to look for: tissue in layers, speckle that is neither smooth nor striped, a dark mass with a plausible
# outline, and whether neighbours in a row repeat each other (a collapsed generator). The paper reports bands
# across StyleGAN3's images, which a feature distance does not see.
