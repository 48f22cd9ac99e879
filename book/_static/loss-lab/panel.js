// One of the two panels: its settings, its picture, its charts and its worker.
(function (lab) {
  const { make } = lab;

  // name: "A" or "B".  hooks: changed(key, value), stroke(place) and the page's settings for pictures, look().
  lab.newPanel = function (name, hooks) {
    const controls = Object.fromEntries(
      lab.PANEL_SETTINGS.map((setting) => [setting.key, lab.control(setting, (value) => hooks.changed(setting.key, value))]),
    );
    const of = (more) => lab.PANEL_SETTINGS.filter((s) => !!s.more === more).map(({ key }) => controls[key].element);
    const canvas = make("canvas", { className: "lab-plane" });
    const told = make("p", { className: "lab-told" });
    const charts = {};
    const chart = function (key, caption) {
      charts[key] = make("canvas", { className: "lab-chart" });
      charts[key].setAttribute("role", "img");
      return make("figure", {}, make("figcaption", { innerHTML: caption }), charts[key]);
    };
    const element = make(
      "section", { className: "lab-panel" },
      make("h2", { textContent: `Panel ${name}` }),
      make("div", { className: "lab-settings" }, ...of(false)),
      make("details", { className: "lab-more" }, make("summary", { textContent: "More settings" }),
        make("div", { className: "lab-settings" }, ...of(true))),
      canvas,
      told,
      make("div", { className: "lab-charts" },
        chart("losses", 'Losses: <b class="lab-critic">critic</b>, <b class="lab-generator">generator</b>'),
        chart("slope", "Slope of the critic"),
        chart("covered", "Modes covered")),
    );
    element.setAttribute("aria-label", `Panel ${name}`);
    canvas.setAttribute("role", "img");

    let trainer, setting, picture, history, cursor;

    function show(answer) {
      picture = answer.picture;
      const first = picture.iteration - answer.losses.length;
      answer.losses.forEach((loss, i) => {
        history.critic.push([first + i + 1, loss.critic.at(-1)]);
        history.generator.push([first + i + 1, loss.generator]);
      });
      history.slope.push([picture.iteration, picture.slope]);
      history.covered.push([picture.iteration, picture.coverage.covered]);
      draw();
    }

    function summary() {
      if (!history.slope.length) return "Not trained yet.";
      const { iteration, coverage, slope } = picture;
      const covered = coverage.of === 100 ? `${coverage.covered} % of the real points covered` : `${coverage.covered} of ${coverage.of} modes covered`;
      const steepness = Number.isFinite(slope) ? `slope ${slope >= 100 ? slope.toExponential(1) : slope.toFixed(2)}` : "the critic’s weights are no numbers any more";
      return `Iteration ${iteration} · ${covered} · ${steepness}`;
    }

    function draw() {
      lab.drawPanel(canvas, picture, { ...hooks.look(), cursor });
      told.textContent = summary();
      canvas.setAttribute("aria-label", `Panel ${name}, real and generated points. ${summary()}`);
      element.querySelector("figure:last-child figcaption").textContent = picture.coverage?.of === 100 ? "Real points covered, %" : "Modes covered";
      const line = (key, colour, dash) => ({ points: thinned(history[key]), colour, dash });
      lab.drawChart(charts.losses, [line("critic", "--lab-ink"), line("generator", "--lab-generated", [5, 3])]);
      lab.drawChart(charts.slope, [line("slope", "--lab-ink")], { from: 0, mark: 1 });
      lab.drawChart(charts.covered, [line("covered", "--lab-ink")], { from: 0, to: picture.coverage?.of });
      for (const [key, chart] of Object.entries(charts)) chart.setAttribute("aria-label", described(key));
    }

    function described(key) {
      const last = (k) => history[k].at(-1)?.[1]?.toPrecision(3) ?? "none yet";
      if (key === "losses") return `Losses over iterations; now critic ${last("critic")}, generator ${last("generator")}`;
      return `${key === "slope" ? "Slope of the critic" : "What is covered"} over iterations; now ${last(key)}`;
    }

    // New real points and settings; nothing is trained until the reader says so.
    function reset(given) {
      setting = given;
      history = { critic: [], generator: [], slope: [], covered: [] };
      picture = { real: setting.data === "drawn" && !setting.drawn.length ? [] : lab.realPoints(setting.data, setting.drawn, setting.seed, "real shown", 0, 500) };
      for (const { key } of lab.PANEL_SETTINGS) controls[key].show(setting[key]);
      controls.lam.enable(!["none", "clip"].includes(setting.penalty));
      const drawing = setting.data === "drawn";
      canvas.classList.toggle("lab-drawing", drawing);
      canvas.tabIndex = drawing ? 0 : -1;
      canvas.setAttribute("role", drawing ? "application" : "img");
      cursor = undefined;
      draw();
    }

    // What the page is to show of `iterations` more; 0: of new networks.
    function train(iterations) {
      trainer ||= lab.newTrainer();
      return trainer(iterations ? { ask: "train", iterations } : { ask: "start", setting });
    }

    const placeOf = function (event) {
      const { left, top, width, height } = canvas.getBoundingClientRect();
      return [lab.toPlane((event.clientX - left) / width), -lab.toPlane((event.clientY - top) / height)];
    };
    canvas.addEventListener("pointerdown", (event) => setting.data === "drawn" && (canvas.setPointerCapture(event.pointerId), hooks.stroke(placeOf(event))));
    canvas.addEventListener("pointermove", (event) => setting.data === "drawn" && event.buttons && hooks.stroke(placeOf(event)));
    canvas.addEventListener("keydown", function (event) {
      const move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1], " ": [0, 0] }[event.key];
      if (setting.data !== "drawn" || !move) return;
      event.preventDefault();
      const next = (cursor || [0, 0]).map((v, k) => Math.min(Math.max(v + 0.15 * move[k], -3), 3));
      if (event.key === " ") hooks.stroke(next);
      cursor = next;
      draw();
    });

    return { element, reset, train, show, draw, summary, state: () => ({ picture, history, setting }) };
  };

  // At most 400 points of a line, the last among them.
  function thinned(points) {
    const step = Math.ceil(points.length / 400);
    return points.filter((_, i) => i % step === 0 || i === points.length - 1);
  }
})(self.lossLab ||= {});
