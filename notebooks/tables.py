# %% [markdown]
# # Tables 1–3: what was measured, and what the paper prints
#
# Each row of ours, from a run directory, stands over its 95 % interval over images and the paper's printed number. A
# question mark stands where Table 2 can't be assigned with certainty in the copy at hand, *illegible* where it can't
# be read at all, and *not run* where no run has been evaluated. Ours and the paper's compare in *order*, not in size,
# unless data, resolution and feature extractor are the same: the line under each table says what they were.

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
# ## The paper's claims, judged by these runs
#
# An order of two settings is *clear* where their 95 % intervals have no number in common. A claim *holds* if every
# order it states is clear, *does not hold* if one is clearly the other way round, and otherwise *can't be told*.
# Brackets hold the interval of the number before them; where several seeds were trained, it covers those of all.

# %% tags=["hide-input"]
judged = report.claims(found)
display(
    report.show(report.claims_table(judged), report.caption_claims(judged), found)
)
report.claims_figures(judged)

# %% [markdown]
# A *setback* is a snapshot whose FID lies above an earlier one's by more than the last one's interval explains. Longer
# runs on real scans are judged by the same rules [on a page of their own](busi.ipynb).

# %% [markdown]
# ## Table 1: WGAN-GP

# %% tags=["hide-input"]
report.show(report.table1(found), report.caption_table(found, 1), found)

# %% [markdown]
# ## Table 2: BCE

# %% tags=["hide-input"]
report.show(report.table2(found), report.caption_table(found, 2), found)

# %% [markdown]
# ## Table 3: the best of each, and StyleGAN
#
# The paper picks λ = 5 for WGAN-GP and λ = 3 for BCE; the captions above say which λ is lowest here.

# %% tags=["hide-input"]
report.show(report.table3(found), report.caption_table(found, 3), found)

# %% [markdown]
# ## Table 4: beyond the paper
#
# Precision and density ask whether generated images lie among the real ones, recall and coverage whether the real ones
# are reached; density is about 1 where the two agree. FID∞ extrapolates FID to unlimited images. UMAP-SWD over UMAP's
# own ten seeds shows how much of Figure 4 is UMAP's. A small p says that generated images lie closer to the training
# images than these lie to each other.

# %% tags=["hide-input"]
report.show(report.table4(found), report.caption_table(found, 4), found)

# %% [markdown]
# ## How to read them
#
# The last two rows of Tables 1 to 3 are [real images against real ones](real.ipynb): a floor, and a yardstick. The
# interval respects that pairs share images; it is about these images of this one model, not about another training run,
# and for FID it covers what FID is at this number of images, not the distance of the distributions.
#
# KID and FID compare the *distributions* of features of generated and real images: low is good. LPIPS and
# MS-SSIM compare *pairs*: between generated images, a high LPIPS or a low MS-SSIM means variety, and between a
# real and a generated one likeness. The ± of the pairwise metrics is the spread over pairs, and that of KID the
# spread over subsets; neither is the spread over training runs. Where several seeds were trained, a line *over seeds*
# gives their mean, their standard deviation and, in brackets, their number; the other lines are the first seed's. The
# definitions are in [the metrics chapter](../book/metrics.md).

# %% [markdown]
# ## What the runs took
#
# Where `make book` built the report, two jobs ran side by side on one thread each. The same run alone has all cores and
# is faster.

# %% tags=["hide-input"]
report.show(report.cost(found), report.caption_cost(found), found)
