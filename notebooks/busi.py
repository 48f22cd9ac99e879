# %% [markdown]
# # Kept runs on real BUSI
#
# The other pages of this part show what this build of the book trained. This one shows runs that took hours and are
# kept with the project: both losses at the paper's five λ with an ImageNet trunk, and both StyleGANs. Their size
# and length are what two processor cores allow, not the printed ones; the line below says which. No scan is shown.

# %% tags=["parameters", "hide-input"]
runs = "results"  # folder of folders of run directories, or an absolute path
profile = "busi-128"  # the folder inside it

# %% tags=["hide-input"]
from IPython.display import Markdown, display

import dgan_report as report

found = report.collect(runs, profile)
display(Markdown(report.badge(found)))

# %% [markdown]
# ## The paper's claims
#
# A claim is an order, such as *this loss has the lower FID than that*. An order is **clear** where the 95 % intervals
# of the two have no number in common. A claim *holds* if every order it states is clear, *does not hold* if one is
# clearly the other way round, and otherwise *can't be told*. Brackets hold the interval of the number before them.

# %% tags=["hide-input"]
judged = report.claims(found)
display(
    report.show(report.claims_table(judged), report.caption_claims(judged), found)
)
report.claims_figures(judged)

# %% [markdown]
# A *setback* is a snapshot whose FID lies above an earlier one's by more than the last one's interval explains. Variety
# is not quality: noise varies more than tissue does, so read claim D beside FID and the images.
#
# The intervals are over images, and over the seeds of a setting that was trained more than once: then an order is
# clear only where it is so for every pair of seeds.

# %% tags=["hide-input"]
display(
    Markdown(
        f"{report.trainings(found)} The models had unlike budgets, so an order between a DGAN and a StyleGAN is also "
        f"one of budgets. {report.images_shown(found)}"
    )
)

# %% [markdown]
# ## Tables 1–4, ours over the paper's
#
# The features are those of a random network, so compare the order of rows with the paper's and not their size.

# %% tags=["hide-input"]
report.show(report.table1(found), report.caption_table(found, 1), found)

# %% tags=["hide-input"]
report.show(report.table2(found), report.caption_table(found, 2), found)

# %% tags=["hide-input"]
report.show(report.table3(found), report.caption_table(found, 3), found)

# %% tags=["hide-input"]
report.show(report.table4(found), report.caption_table(found, 4), found)

# %% [markdown]
# ## What another seed changes
#
# A seed draws the initial weights, the order of minibatches, $z$ and $\varepsilon$, the same ones for both losses and
# every λ. The tables above print the first seed's numbers and, below them, the spread.

# %% tags=["hide-input"]
report.show(
    report.per_seed(found),
    f"Table B1. KID and FID of every seed. {report.finding_seeds(found)}",
    found,
)

# %% [markdown]
# ## On the way: Figure 1

# %% tags=["hide-input"]
report.picture(
    report.figure1(found),
    report.caption1(found),
    alt="Two panels, KID and FID against epoch, logarithmic: a line for each of the ten runs; the floor is dotted.",
)

# %% [markdown]
# ## The images

# %% tags=["hide-input"]
report.picture(
    report.figure_sweep(found),
    "Figure B1. The first images of each run's fixed draw, the same z in every run; none was selected.",
    alt="A row of generated images for each λ, WGAN-GP's on the left and BCE's on the right.",
)

# %% tags=["hide-input"]
report.picture(
    report.figure2(found),
    report.caption2(found),
    alt="Five rows of eight ultrasound images: real, WGAN-GP, BCE, StyleGAN2 and StyleGAN3.",
)

# %% [markdown]
# ## In two dimensions: Figures 3 and 4

# %% tags=["hide-input"]
report.picture(
    report.figure3(found),
    report.caption3(found),
    alt="Eight scatter plots, PCA above and UMAP below, one column a model: points of real and of generated images.",
)

# %% tags=["hide-input"]
report.picture(
    report.figure4(found),
    report.caption4(found),
    alt="Two bar charts, PCA-SWD and UMAP-SWD of the four models with intervals, the paper's values as open diamonds.",
)

# %% [markdown]
# ## Losses of the two that the paper calls best

# %% tags=["hide-input"]
best = [
    report.find(found, "dgan", "wgan-gp", 5.0),
    report.find(found, "dgan", "bce", 3.0),
]
report.picture(
    report.figure_losses(best),
    f"Figure B2. What the two runs logged at each step. {report.finding_losses(best)}",
    alt="A panel for each logged quantity against the step, a line for each of the two runs.",
)

# %% [markdown]
# ## What they took

# %% tags=["hide-input"]
report.show(report.cost(found), report.caption_cost(found), found)
