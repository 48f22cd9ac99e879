# %% [markdown]
# # Figures 3 and 4: real and generated images in two dimensions
#
# Features of the real and of the generated images are projected together to two dimensions, by PCA and by UMAP.
# The sliced Wasserstein distance (SWD) between the two clouds is printed on each panel and drawn as bars below.

# %% tags=["parameters", "hide-input"]
runs = "runs"  # folder of run directories; relative to the project or absolute
profile = "quick"  # "quick", "paper", or another folder inside it
data = "phantom"  # keep only runs trained on this: "phantom", "busi" or a folder

# %% tags=["hide-input"]
from IPython.display import Markdown, display

import dgan_report as report

found = report.collect(runs, profile, data)
display(Markdown(report.badge(found)))

# %% [markdown]
# ## Figure 3

# %% tags=["hide-input"]
report.picture(
    report.figure3(found),
    report.caption3(found),
    alt="Eight scatter plots, PCA above and UMAP below, one column a model: points of real and of generated images.",
)

# %% [markdown]
# Axes are equal within a panel, as SWD is a distance in that plane. Each panel has a fit of its own, so scales
# differ from panel to panel.

# %% [markdown]
# ### Point by point
#
# Point at a coloured disc, or move the slider, to see the generated image behind it and where it lies in both planes.
# Grey discs are real images, which are not shown.

# %% tags=["hide-input", "full-width"]
report.clouds(found)

# %% [markdown]
# ## Figure 4

# %% tags=["hide-input"]
report.picture(
    report.figure4(found),
    report.caption4(found),
    alt="Two bar charts, PCA-SWD and UMAP-SWD of the four models with intervals, the paper's values as open diamonds.",
)

# %% [markdown]
# UMAP bends distances and depends on its seed: an order that holds in PCA *and* UMAP is worth more than either
# alone.
