# %% [markdown]
# # What happens when a run crashes
#
# This page shows what happens when a run is killed, a file is damaged, a disk is full or a loss is not a number.
# `make faults` does all of it on purpose, hundreds of times, and compares the result with a run that was left alone:
# parameters, log, snapshots and samples, bit for bit.

# %% tags=["parameters", "hide-input"]
results = "results"  # folder of faults.json, in the project or absolute

# %% tags=["hide-input"]
import pandas as pd
from IPython.display import Markdown, display

import dgan_report as report
from dgan_report.benchmark import duration, read_results

HEADINGS = {
    "kills": "Killed",
    "sweep": "A sweep of several jobs",
    "disk": "The disk",
    "damage": "Damaged files",
    "processes": "Other processes, and memory",
    "numbers": "NaN and infinity",
    "inputs": "Bad input and hostile files",
    "endurance": "Long runs",
}
measured = {
    part: found
    for part, found in (read_results(results, "faults.json") or {}).items()
    if part in HEADINGS
}
rows = [
    {"part": part, **row}
    for part, found in measured.items()
    for row in found["rows"]
]
faults = pd.DataFrame(
    rows, columns=["part", "kind", "tried", "survived", "lost", "what"]
)
if measured:
    total = f"**{faults.tried.sum():,} faults were tried; {faults.lost.sum():,} of them lost or let in anything.**"
else:
    total = "not run: `make faults` writes results/faults.json"
display(Markdown(total))

# %% [markdown]
# *Survived* means that the last column's statement held. A fault that came too late, because the run was already done,
# counts as not tried. A line says so where a fault could not be tried on this machine.

# %% tags=["hide-input"]
for number, part in enumerate(
    (part for part in HEADINGS if part in measured), start=1
):
    own = faults[faults.part == part]
    counts = own[["tried", "survived", "lost"]].map("{:,}".format)
    table = counts.assign(**{"survived means": own["what"]}).set_axis(own["kind"])
    table.index.name = None
    display(
        report.show(
            table,
            f"Table Q{number}. {HEADINGS[part]}: {own.tried.sum():,} tried, {own.lost.sum():,} lost.",
        )
    )

# %% [markdown]
# ## How it holds
#
# **One way to write.** A file is written under another name, flushed to the disk and renamed; so it has either the old
# or the new content. A checkpoint is read back before it counts, and the one before it stays until then.
#
# **Every file can be checked.** Records and arrays carry a SHA-256 of their content. A checkpoint also carries those of
# the configuration and of the log up to its step: a run goes on only from state, log and configuration that belong
# together, or says which file is damaged.
#
# **Every random number is a function of (seed, stream, step)**, so a run resumes from its state and step; see
# [the training protocol](../book/training.md).
#
# **One process trains in a directory at a time.** The system releases the lock of a process that died; you never have
# to unlock anything by hand.
#
# **No NaN or infinity is saved.** All measured numbers and the whole state are checked in each step.

# %% tags=["hide-input"]
for part, found in measured.items():
    machine = found["environment"]
    where = f"{machine['hardware']['cpu']}, {machine['hardware']['cores']} cores, commit {machine['commit'][:16]}"
    display(
        Markdown(
            f"*{HEADINGS[part]}*: {found['date']}, {duration(found['seconds'])}, {where}."
        )
    )
