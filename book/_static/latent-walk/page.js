// The page: one z for both generators, where it is, and the way from a kept point to another.
(function (walk, lab) {
  const { make, button } = lab;
  const root = document.getElementById("latent-walk"), base = new URL(".", document.currentScript.src);
  const GENERATORS = [["wgan-gp", "WGAN-GP, λ = 5"], ["bce", "BCE, λ = 3"]];
  const SIDE = 64, LATENT = 100, REACH = 4; // of a slider, in standard deviations of z
  const WALK = 4000; // milliseconds from A to B and back

  const worker = () => lab.newWorker(["../latent-walk/safetensors.js", "../latent-walk/generator.js", "../latent-walk/nearest.js", "../latent-walk/worker.js"]);
  const views = GENERATORS.map(function ([file, name]) {
    const canvas = make("canvas", { className: "walk-image", width: SIDE, height: SIDE });
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `The image by ${name}: not loaded yet.`);
    const told = make("p", { className: "walk-near", textContent: " " });
    return { file, name, canvas, told, element: make("figure", {}, make("figcaption", { textContent: name }), canvas, told) };
  });

  const load = button("Load the two generators (8 MB)", "Loads the weights; the images are then made in this page", begin);
  load.className = "lab-play";
  const another = button("Another point", "A new random point in latent space", () => show({ seed: seed + 1, moved: moved.map(() => 0) }));
  const keeps = ["A", "B"].map((name, k) => button(`Keep as ${name}`, `Make this point the ${k ? "end" : "start"} of a way`, () => keep(k)));
  const play = button("Walk from A to B", "There and back", () => (walking ? stop() : go()));
  const status = make("p", { className: "lab-status", textContent: "Nothing is loaded yet." });
  status.setAttribute("role", "status");
  const [way, wayLabel] = slider("From A to B", 0, 1, 0.01, () => show({}, Number(way.value)));
  const sliders = [];
  const controls = make("div", { className: "walk-controls", hidden: true });
  root.replaceChildren(
    make("div", { className: "lab-buttons" }, load, another, ...keeps, play),
    make("div", { className: "walk-images" }, ...views.map(({ element }) => element)),
    status,
    controls,
  );
  [another, ...keeps, play].forEach((b) => (b.disabled = true));

  let directions = [], between, ends = [], at, walking = false, wanted, drawing = false;
  let { seed, moved } = readAddress();

  // The page's address holds the point: ?point=7&along=1,0,-2.5,0,0,0
  function readAddress() {
    const given = new URLSearchParams(location.search), along = (given.get("along") || "").split(",").map(Number);
    const point = Number(given.get("point")), within = (by) => Math.min(REACH, Math.max(-REACH, by || 0));
    return { seed: Number.isInteger(point) && point >= 0 ? point : 0, moved: along.map(within) };
  }

  function writeAddress() {
    const along = moved.some((by) => by) ? `&along=${moved}` : "";
    history.replaceState(null, "", `${location.pathname}?point=${seed}${along}${location.hash}`);
  }

  function slider(name, min, max, step, move) {
    const input = make("input", { type: "range", min, max, step, value: min < 0 ? 0 : min });
    input.addEventListener("input", move);
    return [input, make("label", {}, make("span", { textContent: name }), input)];
  }

  async function begin() {
    load.disabled = true;
    status.textContent = "Loading …";
    try {
      for (const view of views) view.ask ||= worker();
      const kept = new URL("../generators/walk.safetensors", base).href;
      const loaded = await Promise.all(
        views.map(({ ask, file }) => ask({ ask: "load", generator: new URL(`../generators/${file}.safetensors.gz`, base).href, kept })),
      );
      ({ directions, between } = loaded[0]);
    } catch (error) {
      load.disabled = false;
      const why = location.protocol === "file:" ? "A page opened from the disk can’t load weights: serve the book by “make serve”." : error.message;
      status.textContent = `The generators could not be loaded. ${why}`;
      return;
    }
    load.hidden = true;
    moved = directions.map((_, k) => moved[k] || 0);
    directions.forEach((_, k) => sliders.push(slider(`Direction ${k + 1}`, -REACH, REACH, 0.05, () => show({ moved: sliders.map(([input]) => Number(input.value)) }))));
    controls.replaceChildren(...sliders.map(([, label]) => label), wayLabel);
    controls.hidden = false;
    [another, ...keeps].forEach((b) => (b.disabled = false));
    way.disabled = true;
    await show({});
  }

  // Where z is: a random point, moved along the directions.
  function place() {
    const z = Float32Array.from(lab.drawNormal(seed, "z walk", 0, LATENT));
    moved.forEach((by, k) => directions[k].forEach((d, i) => (z[i] += by * d)));
    return z;
  }

  // The point at t on the great circle from a to b, its length between theirs: Shoemake 1985.
  walk.between = function (a, b, t) {
    const length = (v) => Math.hypot(...v), dot = a.reduce((sum, x, i) => sum + x * b[i], 0);
    const angle = Math.acos(Math.min(1, Math.max(-1, dot / (length(a) * length(b)))));
    if (angle < 1e-4) return a.map((x, i) => (1 - t) * x + t * b[i]);
    const [u, v] = [Math.sin((1 - t) * angle), Math.sin(t * angle)].map((w) => w / Math.sin(angle));
    return a.map((x, i) => u * x + v * b[i]);
  };

  // Shows a changed point, or the one at t on the way; a point that comes while another is drawn waits for it.
  async function show(change, t) {
    if (t === undefined) {
      stop();
      ({ seed = seed, moved = moved } = change);
      sliders.forEach(([input], k) => (input.value = moved[k]));
      at = place();
      writeAddress();
    } else at = walk.between(ends[0], ends[1], t);
    wanted = { z: at, which: t === undefined ? `Point ${seed}` : `${Math.round(100 * t)} % of the way from A to B` };
    if (drawing) return;
    drawing = true;
    try {
      while (wanted) {
        const { z, which } = wanted;
        wanted = undefined;
        const images = await walk.images(z);
        views.forEach((view, k) => draw(view, images[k]));
        status.textContent = `${which}. Of the training scans, half have another one nearer than ${between.toFixed(0)} grey levels.`;
      }
    } catch (error) {
      status.textContent = `The images could not be made: ${error.message}`;
    } finally {
      drawing = false;
    }
  }

  function draw({ canvas, told, name }, { pixels, near }) {
    const image = new ImageData(SIDE, SIDE);
    pixels.forEach((level, i) => image.data.set([level, level, level, 255], 4 * i));
    canvas.getContext("2d").putImageData(image, 0, 0);
    told.textContent = `Nearest training scan: ${near.toFixed(0)} grey levels away`;
    canvas.setAttribute("aria-label", `Generated by ${name}. ${told.textContent}.`);
  }

  function keep(k) {
    ends[k] = at;
    keeps[k].textContent = `Keep as ${"AB"[k]} again`;
    if (!ends[0] || !ends[1]) return (status.textContent = `Kept as ${"AB"[k]}. Go to another point and keep it as ${"BA"[k]}.`);
    way.disabled = play.disabled = false;
    way.value = k;
    status.textContent = "A and B are kept: walk between them by the last slider or the button.";
  }

  async function go() {
    walking = true;
    play.textContent = "Stop";
    const begun = performance.now();
    while (walking) {
      const phase = ((performance.now() - begun) % WALK) / WALK, t = phase < 0.5 ? 2 * phase : 2 - 2 * phase;
      way.value = t;
      await show({}, t);
      await new Promise(requestAnimationFrame);
    }
  }

  function stop() {
    walking = false;
    play.textContent = "Walk from A to B";
  }

  // What both generators make of z; tests ask for it too.
  walk.images = (z) => Promise.all(views.map(({ ask }) => ask({ ask: "image", z })));
})(self.latentWalk ||= {}, self.lossLab);
