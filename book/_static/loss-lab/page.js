// The page: what both panels share, playing and pausing, and the address.
(function (lab) {
  const { make, button } = lab;
  const root = document.getElementById("loss-lab");
  const ROUND = 120; // milliseconds of training from one picture to the next
  let settings = lab.readAddress(location.search), playing = false, version = 0, fresh = true, busy = Promise.resolve();

  const panels = ["A", "B"].map((name, k) =>
    lab.newPanel(name, {
      changed: (key, value) => change(() => (settings.panels[k][key] = value)),
      stroke,
      look: () => ({ map: map.checked, arrows: arrows.checked }),
    }),
  );
  const shared = Object.fromEntries(
    lab.SHARED_SETTINGS.map((setting) => [
      setting.key,
      lab.control(setting, (value) => change(() => (settings.shared[setting.key] = value), setting.key !== "speed")),
    ]),
  );

  const play = button("Play", "Train both panels", () => (playing ? pause() : start()));
  play.className = "lab-play";
  const step = button("One iteration", "The critic’s updates, then one of the generator", () => once());
  const reset = button("Start again", "The same first weights again", () => restart());
  const clear = button("Clear drawing", "Take all drawn points away", () => change(() => (settings.drawn = [])));
  const share = button("Copy address", "The address of this page with all its settings", copy);
  const [map, mapLabel] = tick("show the score");
  const [arrows, arrowsLabel] = tick("show what the generator is told");
  const status = make("p", { className: "lab-status" });
  status.setAttribute("role", "status");

  function tick(name) {
    const box = make("input", { type: "checkbox", checked: true });
    box.addEventListener("change", () => panels.forEach((panel) => panel.draw()));
    return [box, make("label", { className: "lab-tick" }, box, ` ${name}`)];
  }

  root.replaceChildren(
    make("div", { className: "lab-buttons" }, play, step, reset, clear, share),
    make("div", { className: "lab-bar" },
      make("div", { className: "lab-settings lab-shared" }, ...Object.values(shared).map(({ element }) => element)),
      make("div", { className: "lab-key" },
        make("span", { className: "lab-of-real", textContent: "real" }), make("span", { className: "lab-of-generated", textContent: "generated" }),
        make("span", { className: "lab-ramp", textContent: "critic’s score, low to high" }), mapLabel, arrowsLabel),
      status),
    make("div", { className: "lab-panels" }, ...panels.map(({ element }) => element)),
  );

  // Everything as the settings say, untrained; what is under way is forgotten.
  function restart() {
    version += 1;
    fresh = true;
    const { shared: common, drawn } = settings;
    for (const { key } of lab.SHARED_SETTINGS) shared[key].show(common[key]);
    clear.hidden = common.data !== "drawn";
    panels.forEach((panel, k) => panel.reset({ ...settings.panels[k], ...common, drawn, beta1: 0.5, beta2: 0.9 }));
    if (common.data === "drawn" && !drawn.length) say("Draw some points in a panel, then press Play.");
    else say("");
  }

  function change(how, again = true) {
    how();
    history.replaceState(null, "", lab.writeAddress(settings));
    if (again) restart();
  }

  function stroke(place) {
    const point = lab.rounded(place);
    if (settings.drawn.some(([x, y]) => x === point[0] && y === point[1])) return;
    if (settings.drawn.length >= lab.MOST_DRAWN) return say(`A drawing has at most ${lab.MOST_DRAWN} points.`);
    change(() => settings.drawn.push(point));
  }

  const say = (text) => (status.textContent = text);
  const trainable = () => settings.shared.data !== "drawn" || settings.drawn.length > 0;

  // One round in both panels, each in its own worker; both are shown at once, and rounds follow each other.
  function round(iterations) {
    busy = busy.then(async function () {
      if (fresh) await both(0);
      await both(iterations);
    });
    return busy;
  }

  async function both(iterations) {
    const current = version;
    if (iterations === 0) fresh = false;
    const answers = await Promise.all(panels.map((panel) => panel.train(iterations)));
    if (current === version) panels.forEach((panel, k) => panel.show(answers[k])); // else the settings have changed
  }

  async function once() {
    pause();
    if (trainable()) await guarded(() => round(1));
    say(spoken());
  }

  const spoken = () => panels.map((panel, k) => `${"AB"[k]}: ${panel.summary()}`).join("  ");
  const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

  async function start() {
    playing = true;
    play.textContent = "Pause";
    let each = 30; // milliseconds of an iteration, as the last round took
    await guarded(async function () {
      while (playing) {
        if (!trainable() || document.hidden) {
          await wait(200);
          continue;
        }
        const wanted = Number(settings.shared.speed), most = Math.max(1, Math.round(ROUND / each));
        const iterations = wanted ? Math.max(1, Math.min(most, Math.round(wanted / 8))) : most;
        const begun = performance.now();
        await round(iterations);
        const taken = performance.now() - begun;
        if (taken > 0) each = Math.min(1000, 0.5 * each + (0.5 * taken) / iterations);
        await wait(wanted ? Math.max(0, (1000 * iterations) / wanted - taken) : 0);
      }
    });
  }

  function pause() {
    if (playing) say(spoken());
    playing = false;
    play.textContent = "Play";
  }

  async function guarded(work) {
    try {
      await work();
    } catch (error) {
      playing = false;
      fresh = true;
      play.textContent = "Play";
      busy = Promise.resolve();
      say(`The training stopped: ${error.message}`);
    }
  }

  async function copy() {
    const address = new URL(lab.writeAddress(settings), location.href).href;
    try {
      await navigator.clipboard.writeText(address);
      say("The address is copied.");
    } catch {
      say(`Copy this address: ${address}`);
    }
  }

  const redraw = () => panels.forEach((panel) => panel.draw());
  new MutationObserver(redraw).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  new ResizeObserver(redraw).observe(root);
  restart();

  // For tests: training on given weights and draws, and what the panels hold.
  lab.replay = (given) => lab.newTrainer()({ ask: "replay", ...given });
  lab.panels = () => panels.map((panel) => panel.state());
})(self.lossLab ||= {});
