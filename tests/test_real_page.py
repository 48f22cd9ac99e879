"""Real against real: each set of images has a folder of its own, and none takes another's place."""

import numpy as np
import pytest
from pages import run_page
from synthetic import SETTINGS, numbers

from dgan_core import data, metrics
from dgan_core.evaluations import Evaluation, read_evaluation, save_evaluation


@pytest.fixture
def measured(runs, monkeypatch):
    """measured(**parameters): the page's folder, without the minutes that reading and measuring take."""
    found = metrics.Result(numbers(0.4, 400.0), SETTINGS, {}, {}, None, [])
    monkeypatch.setattr(data, "load", lambda config: np.zeros((4, 32, 32, 1), np.uint8))
    monkeypatch.setattr(metrics, "evaluate", lambda *_, **__: found)
    return lambda **parameters: run_page("real", monkeypatch, **{"image_size": 32, **parameters})[0]["folder"]


def test_the_folder_tells_seed_data_and_size(measured):
    for parameters, name, told in (
        ({}, "real-malignant-benign-seed0-32px", "phantom"),
        ({"image_size": None}, "real-malignant-benign-seed0", "phantom"),
        ({"data": "/a/Mine", "seed": 1}, "real-malignant-benign-seed1-mine-32px", "Mine"),
        ({"data": "/a/BUSI", "image_size": 64}, "real-malignant-benign-seed0-busi", "busi"),
    ):
        folder = measured(**parameters)
        assert (folder.name, read_evaluation(folder).settings["data"]) == (name, told)
        assert measured(**parameters) == folder  # the same again may be measured anew


def test_numbers_of_other_images_or_another_extractor_are_not_overwritten(measured):
    folder = measured(data="/a/scans")
    before = (folder / "metrics.json").read_bytes()
    for parameters in ({"data": "/b/scans"}, {"data": "/a/scans", "extractor": "random-vgg16"}):
        with pytest.raises(ValueError, match="seed0-scans-32px holds numbers of other images, of another extractor or"):
            measured(**parameters)
    assert (folder / "metrics.json").read_bytes() == before


def test_numbers_by_further_extractors_are_not_overwritten_by_fewer(measured, runs):
    folder = runs / "quick/real-malignant-benign-seed0-32px"
    save_evaluation(folder, Evaluation({}, {"data": "phantom"}, {"radiomics": {"precision": 1.0}}))
    with pytest.raises(ValueError, match="others must include radiomics, of which .*, got 'random-vgg16'"):
        measured(others="random-vgg16")
    assert measured(others="random-vgg16, radiomics") == folder


def test_numbers_from_before_folders_were_told_apart_are_measured_anew(measured, runs):
    save_evaluation(runs / "quick/real-malignant-benign-seed0-32px", Evaluation({}, {"data": "phantom"}))
    assert read_evaluation(measured()).final
