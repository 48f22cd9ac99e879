"""The explorer's HTML from made-up run directories: all of every run, and no image it has no right to."""

import base64
import io
import json
import re

import numpy as np
import pytest
from bs4 import BeautifulSoup
from PIL import Image
from synthetic import sweep, write_run

import dgan_report as report
from dgan_core.evaluations import encoded, read_embeddings
from dgan_core.io.files import write_record
from dgan_core.io.images import mosaic
from dgan_report.explorer import SIDES, fitting
from dgan_report.sketch import BOTTOM, LEFT, RIGHT, TOP, line_chart


def page(found):
    return BeautifulSoup(report.explorer(found)._repr_html_(), "html.parser")


def one(soup, family, lam=None, seed=0):
    wanted = {"data-family": family, "data-seed": str(seed)} | ({"data-lam": f"{lam:g}"} if lam is not None else {})
    (found,) = soup.find_all("section", attrs=wanted)
    return found


def cells(section):
    """metric → the texts of its row."""
    rows = {row.th.get_text(): [cell.get_text() for cell in row.select("td")] for row in section.select("tbody tr")}
    return {heading.removesuffix(" ↓").removesuffix(" ↑"): row for heading, row in rows.items()}


def pixels(img):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(img["src"].partition(",")[2]))).convert("L"))


PAPERS = [f"{loss} λ={lam}" for loss in ("WGAN-GP", "BCE") for lam in ("0.5", "3", "5", "7", "10")]


def test_every_setting_has_a_section_run_or_not(tmp_path):
    soup = page(sweep(tmp_path))
    names = [heading.get_text() for heading in soup.select("section h2")]
    assert names == [*PAPERS, "StyleGAN2", "StyleGAN3"]
    absent = one(soup, "StyleGAN3")
    assert "not run" in absent.get_text() and not absent.select("img")


def test_a_loss_of_ones_own_has_its_section_and_its_colour(tmp_path):
    sweep(tmp_path)
    write_run(tmp_path, "mine", 2.0, kernel=0.7)
    write_run(tmp_path, "bce", 3.0, penalty="gp", lam_penalty=1.0)
    soup = page(report.collect(tmp_path))
    names = [heading.get_text() for heading in soup.select("section h2")]
    assert names == [*PAPERS, "BCE + GP λ=3, penalty 1", "mine λ=2", "StyleGAN2", "StyleGAN3"]
    assert cells(one(soup, "mine", 2))["Kernel distance"][0].startswith("0.7000")
    assert one(soup, "BCE + GP, penalty 1", 3).select("img")
    strokes = {name: one(soup, name, lam).select("polyline")[-1]["stroke"] for name, lam in (("mine", 2), ("BCE", 3))}
    assert strokes["mine"] == report.palette(["BCE", "BCE + GP", "mine"])["mine"] != strokes["BCE"]


def test_a_cell_is_ours_with_its_interval_and_the_floor(tmp_path):
    row = cells(one(page(sweep(tmp_path)), "WGAN-GP", 5))
    assert row["Kernel distance"] == ["0.1500 [0.1350, 0.1650]", "0.0375"]
    assert row["Fréchet distance"] == ["195.00 [175.50, 214.50]", "48.75"]
    assert row["Copied images, p"] == ["0.500", ""]


def test_the_papers_numbers_stand_beside_real_scans_alone(tmp_path):
    write_run(tmp_path, "bce", 3.0)
    assert "paper" not in one(page(report.collect(tmp_path)), "BCE", 3).thead.get_text()
    write_run(tmp_path / "real", "wgan-gp", 5.0, data="busi")
    soup = page(report.collect(tmp_path / "real"))
    assert cells(one(soup, "WGAN-GP", 5))["Fréchet distance"][-1] == "179.42"
    assert cells(one(soup, "StyleGAN3"))["Kernel distance"] == ["not run", "", "0.09 ± 0.01"]


def test_another_extractors_numbers_say_whose_they_are(tmp_path):
    write_run(tmp_path, "bce", 3.0, others={"radiomics": (0.7, 70.0)})
    row = cells(one(page(report.collect(tmp_path)), "BCE", 3))
    assert row["Kernel distance"][0].startswith("0.1000") and row["Kernel distance ↓ (radiomics)"][0][:6] == "0.7000"


def test_images_stand_by_epoch_with_their_numbers(tmp_path):
    section = one(page(sweep(tmp_path)), "BCE", 3)
    figures = {int(figure["data-epoch"]): figure for figure in section.select("figure")}
    assert sorted(figures) == [2, 4]  # epoch-0002.png, and final.png in place of a last epoch that has none
    assert figures[4].figcaption.get_text() == "epoch 4 · Fréchet distance 200.00 · Kernel distance 0.2000"
    assert "BCE λ=3, epoch 2" in figures[2].img["alt"]
    assert pixels(figures[2].img).shape == (128, 128)


def test_no_real_image_is_shown(tmp_path):
    path = write_run(tmp_path, "bce", 3.0)
    Image.fromarray(np.full((128, 128), 255, np.uint8)).save(path / "samples/real.png")
    for name in ("final", "epoch-0002"):
        Image.fromarray(np.zeros((128, 128), np.uint8)).save(path / f"samples/{name}.png")
    shown = [pixels(img) for img in page(report.collect(tmp_path)).select("img")]
    assert len(shown) == 2 and max(image.max() for image in shown) == 0


def test_a_run_without_metrics_or_images_says_what_became_of_it(tmp_path):
    path = write_run(tmp_path, "bce", 3.0, evaluated=False)
    for file in (path / "samples").iterdir():
        file.unlink()
    write_record(path / "status.json", {"state": "failed", "reason": "a <b> disk"})
    section = one(page(report.collect(tmp_path)), "BCE", 3)
    assert "failed: a <b> disk: no image was kept" in section.get_text()
    assert cells(section)["Fréchet distance"][0] == "failed"
    assert [title.get_text() for title in section.select(".dgan-sketch-title")] == ["critic's loss", "generator's loss"]


def test_every_logged_quantity_has_a_chart_and_no_other_has(tmp_path):
    path = write_run(tmp_path, "bce", 3.0, evaluated=False)
    row = {"step": 1, "epoch": 1.0, "critic_loss": 1.0, "penalty": 0.0, "accuracy": 0.5, "mine": 3.0}
    (path / "log.jsonl").write_text(json.dumps(row) + "\n")
    titles = [t.get_text() for t in one(page(report.collect(tmp_path)), "BCE", 3).select(".dgan-sketch-title")]
    assert titles == ["critic's loss", "critic's accuracy, share of a minibatch"]  # a penalty of 0 throughout is none


def test_seeds_are_kept_apart(tmp_path):
    write_run(tmp_path, "bce", 3.0, kernel=0.1)
    write_run(tmp_path, "bce", 3.0, kernel=0.3, seed=1)
    soup = page(report.collect(tmp_path))
    shown = [cells(one(soup, "BCE", 3, seed))["Kernel distance"][0][:6] for seed in (0, 1)]
    assert shown == ["0.1000", "0.3000"]
    assert "not run" in one(soup, "BCE", 5, 1).get_text()


def test_a_chart_puts_values_where_they_belong():
    svg = line_chart("t", [([0, 5, 10], [1.0, np.nan, 3.0], "red", 1)], "l", mark=5)
    assert f'points="{LEFT:.1f},{BOTTOM:.1f} {RIGHT:.1f},{TOP:.1f}"' in svg
    assert f"M{(LEFT + RIGHT) / 2:.1f} {TOP}V{BOTTOM}" in svg
    decades = line_chart("t", [([0, 1, 2], [1.0, 10.0, 100.0], "red", 1)], "l", linthresh=1.0)
    heights = [float(y) for y in re.search(r'points="([^"]+)"', decades)[1].replace(",", " ").split()[1::2]]
    assert heights[0] - heights[1] == pytest.approx(heights[1] - heights[2], abs=0.11)
    labels = [text.get_text() for text in BeautifulSoup(decades, "html.parser").select("text[text-anchor=end]")]
    assert labels == ["1", "10", "100", "epoch"]
    within = line_chart("t", [([0, 1], [120.0, 480.0], "red", 1)], "l", linthresh=120.0)  # not two powers of ten
    assert ">200</text>" in within and ">400</text>" in within
    with pytest.raises(ValueError, match="no finite value"):
        line_chart("t", [([0], [np.nan], "red", 1)], "l")


def test_images_shrink_until_the_page_keeps_its_budget():
    grids = [np.random.default_rng(0).integers(0, 256, (16, 128, 128), dtype=np.uint8)]
    widths = [Image.open(io.BytesIO(fitting(grids, budget=b)[0])).width // 4 for b in (10**7, 60_000, 1)]
    assert widths[0] == 128 > widths[1] > widths[2] == SIDES[-1]


def test_clouds_keep_distances_and_the_order_of_the_images(tmp_path):
    runs = sweep(tmp_path)
    soup = BeautifulSoup(report.clouds(runs)._repr_html_(), "html.parser")
    sections = {section.h3.get_text(): section for section in soup.select("section")}
    assert list(sections) == ["WGAN-GP λ=5", "BCE λ=3", "StyleGAN2", "StyleGAN3"]
    assert "not run" in sections["StyleGAN2"].get_text()
    for kind, svg in zip(("pca", "umap"), sections["BCE λ=3"].select("svg"), strict=True):
        drawn = np.array([[float(disc["cx"]), float(disc["cy"])] for disc in svg.select("circle")])
        points = read_embeddings(runs.of("BCE λ=3")["BCE λ=3"].path)[f"{kind}_fake"]
        scale = (drawn - drawn[0])[1:] / (points - points[0])[1:]
        assert np.median(scale[:, 0]) == pytest.approx(-np.median(scale[:, 1]), rel=0.05)  # y points down on a screen
        np.testing.assert_allclose(np.abs(scale), np.median(np.abs(scale)), rtol=0.3)
        assert 0 <= drawn.min() and drawn.max() <= 240
        assert len(re.findall("M", svg.path["d"])) == 16


def test_a_clouds_images_are_the_contact_sheet_or_the_first_sixteen(tmp_path):
    runs = sweep(tmp_path)
    first = BeautifulSoup(report.clouds(runs)._repr_html_(), "html.parser").select_one(".dgan-thumb")
    assert first["data-count"] == "16"  # samples/final.png holds no more
    content = encoded(mosaic(np.full((20, 8, 8), 90, np.uint8), 15), "WEBP")
    (runs.of("WGAN-GP λ=5")["WGAN-GP λ=5"].path / "samples/generated.webp").write_bytes(content)
    sheet = BeautifulSoup(report.clouds(runs)._repr_html_(), "html.parser").select_one(".dgan-thumb")
    assert base64.b64encode(content).decode() in sheet["style"] and sheet["data-columns"] == "15"


def test_a_logarithmic_chart_of_many_decades_has_few_ticks():
    """The critic's gradient vanishes for some epochs: fifteen decades would be fifteen numbers above one another."""
    svg = BeautifulSoup(
        line_chart("t", [(range(4), [1e-13, 1, 100, 30], "#000000", 1)], "t", linthresh=1e-13), "html.parser"
    )
    ticks = [text for text in svg.find_all("text", attrs={"text-anchor": "end"}) if text.get_text() != "epoch"]
    assert 3 <= len(ticks) <= 5
    heights = sorted(float(tick["y"]) for tick in ticks)
    assert min(b - a for a, b in zip(heights, heights[1:], strict=False)) > 10  # of a text 9 high
