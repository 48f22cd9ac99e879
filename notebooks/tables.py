# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Tables 1–3: what was measured, and what the paper prints
#
# Each row of ours, from a run directory, stands over the paper's printed one. A question mark stands where
# Table 2 can't be assigned with certainty in the copy at hand, *illegible* where it can't be read at all, and
# *not run* where no run has been evaluated. Ours and the paper's compare in *order*, not in size, unless data,
# resolution and feature extractor are the same: the line under each table says what they were.

# %% tags=["parameters"]
runs = "runs"  # folder of run directories; relative to the project or absolute
profile = "quick"  # "quick", "paper", or another folder inside it
data = "phantom"  # keep only runs trained on this: "phantom", "busi" or a folder

# %%
# %matplotlib inline
# %config InlineBackend.figure_formats = ["svg"]
from IPython.display import Markdown, display

from dgan_core import report

found = report.collect(runs, profile, data)
display(Markdown(report.badge(found)))

# %% [markdown]
# ## The verdict
#
# The paper's main claim is that WGAN-GP scores lower than BCE at every weight λ. These runs say:

# %%
display(Markdown(report.verdict(found)))

# %% [markdown]
# ## Table 1: WGAN-GP

# %%
report.show(report.table1(found), report.caption_table(found, 1), found)

# %% [markdown]
# ## Table 2: BCE

# %%
report.show(report.table2(found), report.caption_table(found, 2), found)

# %% [markdown]
# ## Table 3: the best of each, and StyleGAN
#
# The paper picks λ = 5 for WGAN-GP and λ = 3 for BCE; the captions above say which λ is lowest here.

# %%
report.show(report.table3(found), report.caption_table(found, 3), found)

# %% [markdown]
# ## How to read them
#
# KID and FID compare the *distributions* of features of generated and real images: low is good. LPIPS and
# MS-SSIM compare *pairs*: between generated images, a high LPIPS or a low MS-SSIM means variety, and between a
# real and a generated one likeness. The ± of the pairwise metrics is the spread over pairs, and that of KID the
# spread over subsets; neither is the spread over training runs, of which there is one each. The definitions are
# in [the metrics chapter](../book/metrics.md).
