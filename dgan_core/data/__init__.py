# ruff: noqa: F401  (what is imported here is what the package offers)
"""Images to learn from: BUSI (Al-Dhabyani et al. 2020), simulated phantoms or a folder of one's own, by one loader."""

from .busi import fetch_busi, find_busi, index_busi, load_busi
from .folder import load_folder
from .near import near_duplicates
from .phantom import phantoms


def load(config):
    """The images that a Config asks for: (N, size, size, 1) uint8.

    config.data is "phantom", "busi" (downloaded once, then cached), or the path of a BUSI folder or of any other folder
    or .zip archive of images.
    """
    if config.data == "phantom":  # already square: config.resize has nothing to do
        return phantoms(config.n_phantoms, config.image_size, config.label, seed=config.seed_data)
    root = fetch_busi() if config.data == "busi" else find_busi(config.data)
    if root is not None:
        return load_busi(root, config.label, config.image_size, config.resize)
    return load_folder(config.data, config.image_size, config.label, config.resize)
