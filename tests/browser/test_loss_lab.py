"""The loss lab: its training is Python's, and it can be used by pointer, keyboard, finger, and without scripts."""

import numpy as np
import pytest

from dgan_core import Config, rng
from dgan_core.losses import OBJECTIVES, PENALTIES
from dgan_core.training.points import Points
from dgan_core.training.step import critic_step, generator_step

import keras

PAIRS = [(loss, penalty) for loss in OBJECTIVES if loss != "wgan-gp" for penalty in PENALTIES]
ITERATIONS, CRITIC_STEPS, BATCH = 10, 2, 32
SMALL = {"batch_size": BATCH, "latent_dim": 2, "generator_width": 16, "critic_width": 16, "lam_perceptual": 0}
SMALL |= {"lam": 0.7, "learning_rate": 2e-3, "beta_1": 0.5, "beta_2": 0.9, "lr_decay": 1}


@pytest.fixture(scope="module")
def lab(chromium, address):
    """The page, open; for tests that leave its address as it is."""
    context = chromium.new_context(viewport={"width": 1300, "height": 900})
    page = context.new_page()
    page.goto(f"{address}/book/loss-lab.html")
    yield page
    context.close()


def draws(iteration):
    """What an iteration is given: {"critic": [{real, z, eps}, …], "z"}, points as (B, 2)."""

    def update(k):
        number = iteration * CRITIC_STEPS + k
        real = rng.normal(1, "real", number, (BATCH, 2)) * np.float32(0.5) + np.float32([1, -1])
        return {
            "real": real,
            "z": rng.normal(1, "z", number, (BATCH, 2)),
            "eps": rng.uniform(1, "eps", number, (BATCH, 1)),
        }

    return {
        "critic": [update(k) for k in range(CRITIC_STEPS)],
        "z": rng.normal(1, "z generator", iteration, (BATCH, 2)),
    }


DRAWS = [draws(iteration) for iteration in range(ITERATIONS)]


def in_python(loss, penalty):
    """The first weights, and the losses of every update of critic and generator."""
    trainer = Points(Config(loss=loss, penalty=penalty, **SMALL))
    first = trainer.initial_state()
    state = keras.tree.map_structure(keras.ops.convert_to_tensor, first)
    rate, lam = np.float32(SMALL["learning_rate"]), np.float32(SMALL["lam"])
    losses = []
    for drawn in DRAWS:
        of_critic = []
        for given in drawn["critic"]:
            real = {"images": keras.ops.convert_to_tensor(given["real"][:, None, None])}
            eps = given["eps"][:, None, None]
            state, measured = critic_step(trainer, state, real, given["z"], eps, rate, lam)
            of_critic.append(float(measured["critic_loss"]))
        state, measured = generator_step(trainer, state, real, drawn["z"], rate, np.float32(0))
        losses.append({"critic": of_critic, "generator": float(measured["generator_loss"])})
    return first, losses


def in_the_page(page, loss, penalty, first):
    """The losses of the same training by the page."""
    setting = {"loss": loss, "penalty": penalty, "lam": SMALL["lam"], "criticSteps": CRITIC_STEPS}
    setting |= {"beta1": SMALL["beta_1"], "beta2": SMALL["beta_2"]}
    setting |= {"criticRate": SMALL["learning_rate"], "generatorRate": SMALL["learning_rate"]}
    weights = {
        part: [{"shape": list(w.shape), "values": np.ravel(w).tolist()} for w in map(np.asarray, first[part])]
        for part in "gc"
    }
    flat = [
        {
            "critic": [{name: np.ravel(a).tolist() for name, a in update.items()} for update in drawn["critic"]],
            "z": np.ravel(drawn["z"]).tolist(),
        }
        for drawn in DRAWS
    ]
    given = {"setting": setting, "weights": weights, "draws": flat}
    return page.evaluate("given => lossLab.replay(given)", given)["losses"]


def in_a_row(losses):
    return np.array([value for iteration in losses for value in (*iteration["critic"], iteration["generator"])])


def test_the_tables_of_the_page_are_pythons(lab):
    source = "() => [Object.keys(lossLab.PANEL_SETTINGS[0].choices), Object.keys(lossLab.PANEL_SETTINGS[1].choices)]"
    losses, penalties = lab.evaluate(source)
    assert {*losses} == {*OBJECTIVES} - {"wgan-gp"} and {*penalties} == {*PENALTIES}


@pytest.mark.parametrize("loss, penalty", PAIRS)
def test_ten_iterations_have_pythons_losses(lab, monkeypatch, loss, penalty):
    """To 1e-4, or to twice what the last bit of the first weights does in Python, which Adam may blow up."""
    first, expected = in_python(loss, penalty)
    found = in_a_row(in_the_page(lab, loss, penalty, first))
    apart = np.abs(found - in_a_row(expected)).max()
    moved = (sensitivity(monkeypatch, loss, penalty, first, expected, seed) for seed in range(3))
    assert apart <= 1e-4 or any(apart < 2 * far for far in moved)
    assert np.ptp(in_a_row(expected)) > 1e-3  # something was learnt


def sensitivity(monkeypatch, loss, penalty, first, expected, seed):
    """How far Python's losses move where each first weight goes up or down by one float32 rounding."""
    rng = np.random.default_rng(seed)
    parts = {
        part: [np.float32(np.asarray(w) * (1 + rng.choice([-1, 1], np.shape(w)) * 2.0**-23)) for w in first[part]]
        for part in "gc"
    }
    with monkeypatch.context() as patch:
        patch.setattr(Points, "initial_state", lambda _: {**first, **parts})
        _, moved = in_python(loss, penalty)
    return np.abs(in_a_row(moved) - in_a_row(expected)).max()


def test_other_weights_have_other_losses(lab):
    """The comparison above would notice."""
    first, expected = in_python("bce", "gp")
    first["c"][0] = first["c"][0] + np.float32(0.01)
    found = in_the_page(lab, "bce", "gp", first)
    assert np.abs(in_a_row(found) - in_a_row(expected)).max() > 1e-4


# ---- the page ----


def panels(page):
    """Iterations, what is covered and settings of both panels."""
    return page.evaluate(
        """() => lossLab.panels().map(({ picture, history, setting }) =>
             ({ iteration: picture.iteration ?? 0, ...picture.coverage, setting,
                points: Array.from(picture.generated ?? []), losses: history.generator.map(([, y]) => y) }))"""
    )


def until(page, iteration):
    page.wait_for_function(
        "n => lossLab.panels().every(({ picture }) => (picture.iteration ?? 0) >= n)", arg=iteration, timeout=60_000
    )


def test_wasserstein_with_a_penalty_covers_the_ring_in_200_iterations(tab, address):
    """Two panels with the same settings are the same training; and the page answers all the while."""
    tab.goto(f"{address}/book/loss-lab.html?data=ring&seed=0&a=bce&b=wasserstein,gp")
    a = tab.get_by_role("region", name="Panel A")
    a.get_by_label("Loss", exact=True).select_option("wasserstein")
    a.get_by_label("Penalty", exact=True).select_option("gp")
    tab.evaluate(
        """() => { window.longest = 0; let last = performance.now();
             const tick = now => { longest = Math.max(longest, now - last); last = now; requestAnimationFrame(tick); };
             requestAnimationFrame(tick); }"""
    )
    tab.get_by_role("button", name="Play").click()
    until(tab, 200)
    tab.get_by_role("button", name="Pause").click()
    longest = tab.evaluate("longest")
    first, second = panels(tab)
    assert first["covered"] == 8 and first["of"] == 8
    assert first["points"] == second["points"] and first["losses"] == second["losses"]
    assert longest < 2000  # milliseconds between two frames: a page that trained itself would stand for all of it
    assert "8 of 8 modes covered" in tab.get_by_role("status").text_content()
    assert tab.complaints == []


def test_the_wasserstein_loss_alone_does_not_learn_the_ring(tab, address):
    tab.goto(f"{address}/book/loss-lab.html?data=ring&a=wasserstein,none&b=wasserstein,clip")
    tab.get_by_role("button", name="Play").click()
    until(tab, 60)
    assert [panel["covered"] < 8 for panel in panels(tab)] == [True, True] and tab.complaints == []


def test_a_view_has_an_address(tab, address):
    tab.goto(f"{address}/book/loss-lab.html?data=grid&seed=7&a=hinge,r1,0.5&b=relativistic,r1-r2,2,3,0.001")
    tab.get_by_role("button", name="One iteration").click()
    until(tab, 1)
    tab.get_by_role("region", name="Panel A").get_by_label("λ").fill("4")
    tab.keyboard.press("Tab")
    assert [panel["iteration"] for panel in panels(tab)] == [0, 0]  # other settings start again
    before = [panel["setting"] for panel in panels(tab)]
    tab.goto(tab.url)
    assert [panel["setting"] for panel in panels(tab)] == before
    assert (before[0]["lam"], before[0]["seed"], before[1]["criticRate"]) == (4, 7, 0.001)
    tab.goto(f"{address}/book/loss-lab.html?data=no&seed=-1&a=no,no,x,99&b=")
    odd = panels(tab)[0]["setting"]
    assert (odd["data"], odd["seed"], odd["loss"], odd["penalty"], odd["lam"], odd["criticSteps"]) == (
        *("ring", 0, "bce", "none"),
        *(1, 5),
    )
    assert tab.complaints == []


def test_everything_can_be_done_by_keyboard(tab, address):
    tab.goto(f"{address}/book/loss-lab.html?data=drawn")
    tab.get_by_role("application").first.focus()
    for key in (" ", "ArrowRight", " ", "ArrowUp", "ArrowUp", " "):
        tab.keyboard.press(key)
    assert len(panels(tab)[0]["setting"]["drawn"]) == 3 and "drawn=" in tab.url
    step = tab.get_by_role("button", name="One iteration")
    step.focus()
    tab.keyboard.press("Enter")
    until(tab, 1)
    told = tab.get_by_role("status")
    told.get_by_text("Iteration 1 ").wait_for()
    tab.get_by_role("button", name="Clear drawing").focus()
    tab.keyboard.press("Enter")
    assert panels(tab)[0]["setting"]["drawn"] == [] and "Draw some points" in told.text_content()
    assert tab.complaints == []


def test_a_finger_draws_on_a_phone(chromium, address):
    context = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(f"{address}/book/loss-lab.html?data=drawn")
    planes = page.get_by_role("application")
    planes.first.tap(position={"x": 60, "y": 60})
    planes.last.tap(position={"x": 120, "y": 90})
    assert len(panels(page)[0]["setting"]["drawn"]) == 2
    page.get_by_role("button", name="One iteration").tap()
    until(page, 1)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    first, second = (planes.nth(k).bounding_box() for k in (0, 1))
    play = page.get_by_role("button", name="Play").bounding_box()
    assert first["y"] == second["y"] and first["y"] + first["height"] - play["y"] < 844  # both in sight, with Play
    context.close()


def test_a_weight_that_weighs_nothing_is_out_of_use(tab, address):
    tab.goto(f"{address}/book/loss-lab.html?a=bce,none&b=bce,gp")
    assert tab.get_by_label("λ").nth(0).is_disabled() and tab.get_by_label("λ").nth(1).is_enabled()
    tab.get_by_label("Penalty").nth(0).select_option("r1")
    assert tab.get_by_label("λ").nth(0).is_enabled()


def test_it_opens_from_the_disk(tab, html):
    tab.goto((html / "book/loss-lab.html").as_uri())
    tab.get_by_role("button", name="One iteration").click()
    until(tab, 1)
    assert tab.complaints == []


def test_without_scripts_a_recording_is_shown(chromium, address):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/book/loss-lab.html")
    picture = page.locator(".lab-recorded")
    picture.scroll_into_view_if_needed()
    assert picture.is_visible() and picture.bounding_box()["height"] > 100
    context.close()


def test_no_tensor_is_left_behind(lab):
    source = """async () => {
        const ask = lossLab.newTrainer();
        const setting = { ...lossLab.panels()[0].setting, criticWidth: 8, generatorWidth: 8 };
        await ask({ ask: "start", setting });
        const held = [];
        for (let i = 0; i < 3; i++) held.push((await ask({ ask: "train", iterations: 2 })).tensors);
        return held; }"""
    held = lab.evaluate(source)
    assert held[0] == held[1] == held[2]


def test_the_lab_trains_ten_iterations_in_a_second_of_one_core(chromium, address):
    """In the processor's time, since other work on the machine would count in the clock's."""
    context = chromium.new_context()
    page, meter = context.new_page(), chromium.new_browser_cdp_session()
    page.goto(f"{address}/book/loss-lab.html")

    def seconds():
        processes = meter.send("SystemInfo.getProcessInfo")["processInfo"]
        return sum(process["cpuTime"] for process in processes if process["type"] == "renderer")

    page.evaluate(
        """() => { window.ask = lossLab.newTrainer();
                   return ask({ ask: 'start', setting: lossLab.panels()[0].setting }); }"""
    )
    page.evaluate("ask({ ask: 'train', iterations: 20 })")  # compiled by now
    before = seconds()
    page.evaluate("ask({ ask: 'train', iterations: 40 })")
    assert 40 / (seconds() - before) > 10
    context.close()
