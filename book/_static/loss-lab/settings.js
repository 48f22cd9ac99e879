// What the reader can set, in plain words, and how the page's address holds it.
(function (lab) {
  // Of each panel: key, name, what it is, and what it may be.
  lab.PANEL_SETTINGS = [
    { key: "loss", name: "Loss", start: "bce", choices: {
      "bce": ["BCE", "The critic guesses real or generated; the generator wants the guess “real”."],
      "bce-saturating": ["BCE, saturating", "The same critic; the generator wants it to fail. A sure critic tells it almost nothing."],
      "wasserstein": ["Wasserstein", "The critic’s mean score on real points minus that on generated ones."],
      "least-squares": ["Least squares", "The critic aims at 1 for real and 0 for generated points."],
      "hinge": ["Hinge", "The critic stops caring for points scored beyond ±1."],
      "relativistic": ["Relativistic", "The critic compares pairs: is the real point scored above the generated one?"],
    } },
    { key: "penalty", name: "Penalty", start: "none", choices: {
      "none": ["none", "Nothing bounds the critic’s slope."],
      "gp": ["gradient penalty", "Pulls the slope to 1 between real and generated points."],
      "r1": ["R1", "Pulls the slope to 0 at real points."],
      "r1-r2": ["R1 + R2", "Pulls the slope to 0 at real and at generated points."],
      "clip": ["clipping", "Cuts each weight of the critic to ±0.01; λ plays no part."],
    } },
    { key: "lam", name: "λ", start: 1, least: 0, most: 1000, step: "any", told: "How much the penalty counts." },
    { key: "criticSteps", name: "Critic updates", start: 5, least: 1, most: 20, step: 1, more: true,
      told: "How many the critic makes before each of the generator." },
    { key: "criticRate", name: "Critic’s learning rate", start: 0.002, least: 0.00001, most: 1, step: "any", more: true,
      told: "How far one update moves the critic." },
    { key: "generatorRate", name: "Generator’s learning rate", start: 0.002, least: 0.00001, most: 1, step: "any", more: true,
      told: "How far one update moves the generator." },
    { key: "criticWidth", name: "Critic’s width", start: 64, least: 1, most: 256, step: 1, more: true,
      told: "Units in each of its three hidden layers." },
    { key: "generatorWidth", name: "Generator’s width", start: 64, least: 1, most: 256, step: 1, more: true,
      told: "Units in each of its three hidden layers." },
  ];

  // Of both panels together.
  lab.SHARED_SETTINGS = [
    { key: "data", name: "Real points", start: "ring", choices: {
      "ring": ["ring of 8", "Eight clusters on a circle, as in Lesson 4."],
      "grid": ["grid of 25", "Twenty-five clusters."],
      "moons": ["two moons", "Two half circles that interlock."],
      "spiral": ["spiral", "One curve that winds outwards."],
      "drawn": ["draw your own", "Draw in a panel with a finger or the mouse, or with arrow keys and space."],
    } },
    { key: "seed", name: "Seed", start: 0, least: 0, most: 4294967295, step: 1,
      told: "Sets first weights and all draws, in both panels alike." },
    { key: "speed", name: "Speed", start: "full", choices: {
      "full": ["as fast as it goes", "As many iterations as this machine manages."],
      "20": ["20 a second", "Twenty iterations a second, or fewer on a slow machine."],
      "5": ["5 a second", "Slow enough to follow single iterations."],
      "1": ["1 a second", "One iteration a second."],
    } },
  ];

  const starts = (settings) => Object.fromEntries(settings.map(({ key, start }) => [key, start]));

  // A text of the address as a value of the setting; what is impossible becomes its start.
  lab.valueOf = function (setting, text) {
    if (setting.choices) return text in setting.choices ? text : setting.start;
    const number = setting.step === 1 ? Math.round(Number(text)) : Number(text);
    return text !== "" && number >= setting.least && number <= setting.most ? number : setting.start;
  };

  // A drawing has a letter for each coordinate, of 64 steps from -3 to 3.
  const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  lab.MOST_DRAWN = 300;
  const coordinate = (letter) => (6 * LETTERS.indexOf(letter)) / 63 - 3;
  lab.rounded = ([x, y]) => [x, y].map((v) => (6 * Math.round(((Math.min(Math.max(v, -3), 3) + 3) * 63) / 6)) / 63 - 3);
  const written = (drawn) => drawn.flat().map((v) => LETTERS[Math.round(((v + 3) * 63) / 6)]).join("");
  const read = (text) => (text.match(/[\w-]{2}/g) || []).slice(0, lab.MOST_DRAWN).map((pair) => [...pair].map(coordinate));

  // ?data=ring&seed=0&a=wasserstein,gp,1&b=bce: the panels' settings in their order, left out where as they start.
  lab.readAddress = function (search) {
    const given = new URLSearchParams(search);
    const shared = starts(lab.SHARED_SETTINGS);
    for (const setting of lab.SHARED_SETTINGS) {
      if (given.has(setting.key)) shared[setting.key] = lab.valueOf(setting, given.get(setting.key));
    }
    const panels = ["a", "b"].map((name, k) => {
      const of = given.has(name) ? given.get(name).split(",") : [["wasserstein", "gp"], ["bce", "none"]][k];
      return Object.fromEntries(lab.PANEL_SETTINGS.map((s, i) => [s.key, i < of.length ? lab.valueOf(s, of[i]) : s.start]));
    });
    return { shared, panels, drawn: read(given.get("drawn") || "") };
  };

  lab.writeAddress = function ({ shared, panels, drawn }) {
    const parts = lab.SHARED_SETTINGS.map(({ key }) => `${key}=${shared[key]}`);
    panels.forEach((panel, k) => {
      const values = lab.PANEL_SETTINGS.map(({ key }) => panel[key]);
      while (values.length > 1 && values.at(-1) === lab.PANEL_SETTINGS[values.length - 1].start) values.pop();
      parts.push(`${"ab"[k]}=${values.join(",")}`);
    });
    if (shared.data === "drawn") parts.push(`drawn=${written(drawn)}`);
    return `?${parts.join("&")}`;
  };
})(self.lossLab ||= {});
