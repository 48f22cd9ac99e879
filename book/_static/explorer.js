/* The explorer: one or two of the page's runs at a time, at one epoch. The page holds all content; this only chooses.
   The choice stands in the address, so that a view can be sent to someone. */

const OTHER = "the other loss, same λ", NOTHING = "nothing";

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/* A fieldset of radio buttons; reads and writes its choice as text. */
class Choice {
  constructor(name, legend, values) {
    this.inputs = values.map((value) => element("input", { type: "radio", name: `dgan-${name}`, value }));
    this.box = element("fieldset", {}, element("legend", { textContent: legend }),
      ...this.inputs.map((input) => element("label", {}, input, element("span", { textContent: input.value }))));
    this.inputs[0].checked = true;
  }
  get value() { return this.inputs.find((input) => input.checked).value; }
  set value(text) { for (const input of this.inputs) if (input.value === text) input.checked = true; }
  set disabled(off) { this.box.disabled = off; }
}

const epochsOf = (section) => [...section.querySelectorAll("figure[data-epoch]")].map((figure) => Number(figure.dataset.epoch));
const nameOf = (section) => section.querySelector("h2").textContent;
const distinct = (values) => [...new Set(values.filter((value) => value !== undefined))];

function explore(root) {
  const sections = [...root.querySelectorAll(".dgan-run")];
  const families = distinct(sections.map((section) => section.dataset.family));
  const weighted = distinct(sections.filter((section) => section.dataset.lam).map((section) => section.dataset.family));
  const family = new Choice("family", "Model", families);
  const lam = new Choice("lam", "Weight λ", distinct(sections.map((section) => section.dataset.lam)));
  const seed = new Choice("seed", "Seed", distinct(sections.map((section) => section.dataset.seed)));
  const epoch = element("input", { type: "range", min: 0, id: "dgan-epoch" });
  const epochText = element("span");
  const names = distinct(sections.map(nameOf));
  const beside = element("select", { id: "dgan-beside" },
    ...[OTHER, NOTHING, ...names].map((name) => element("option", { value: name, textContent: name })));
  const told = element("p", { className: "dgan-told" });
  told.setAttribute("role", "status");
  seed.box.hidden = seed.inputs.length === 1;

  const find = (wanted) => sections.find((section) => Object.entries(wanted).every(([key, value]) => section.dataset[key] === value));
  const left = () => find({ family: family.value, seed: seed.value, ...(weighted.includes(family.value) && { lam: lam.value }) });
  function right() {
    if (beside.value === NOTHING) return undefined;
    if (beside.value !== OTHER) return sections.find((section) => nameOf(section) === beside.value && section.dataset.seed === seed.value);
    const other = weighted.find((name) => name !== family.value);
    return weighted.includes(family.value) ? find({ family: other, lam: lam.value, seed: seed.value }) : undefined;
  }

  let epochs = [], wanted = Infinity; // the epoch asked for stays when another run has no image of it
  function show() {
    const shown = distinct([left(), right()]);
    epochs = distinct(shown.flatMap(epochsOf)).sort((a, b) => a - b);
    const at = epochs.findLastIndex((value) => value <= wanted);
    epoch.max = Math.max(epochs.length - 1, 0);
    epoch.value = Math.max(at, 0);
    epoch.disabled = epochs.length < 2;
    const now = epochs[Math.max(at, 0)];
    epochText.textContent = now ?? "none kept";
    epoch.setAttribute("aria-valuetext", `epoch ${now}`);
    lam.disabled = !weighted.includes(family.value);
    for (const section of sections) {
      section.hidden = !shown.includes(section);
      section.style.setProperty("--place", shown.indexOf(section));
    }
    told.textContent = shown.map((section) => `${nameOf(section)}: ${atEpoch(section, now)}`).join("; ");
    root.classList.toggle("dgan-pair", shown.length === 2);
    const query = new URLSearchParams({ model: family.value, lam: lam.value, seed: seed.value, beside: beside.value });
    if (Number.isFinite(wanted)) query.set("epoch", wanted);
    history.replaceState(null, "", `?${query}${location.hash}`);
  }

  /* Show a run's last images not after this epoch, and mark that epoch in its charts; say what they are. */
  function atEpoch(section, now) {
    const figures = [...section.querySelectorAll("figure[data-epoch]")];
    if (!figures.length) return section.querySelector(".dgan-missing").textContent;
    const chosen = figures.findLast((figure) => Number(figure.dataset.epoch) <= now) ?? figures[0];
    for (const figure of figures) figure.hidden = figure !== chosen;
    for (const chart of section.querySelectorAll(".dgan-sketch")) {
      const [start, end, first, last] = chart.dataset.x.split(" ").map(Number);
      const share = Math.min(Math.max((Number(chosen.dataset.epoch) - first) / (last - first), 0), 1);
      const [top, bottom] = chart.dataset.y.split(" ");
      chart.querySelector(".dgan-mark")?.setAttribute("d", `M${start + share * (end - start)} ${top}V${bottom}`);
    }
    return chosen.querySelector("figcaption").textContent;
  }

  family.value = root.dataset.family;
  lam.value = root.dataset.lam;
  const asked = new URLSearchParams(location.search); // what the page has none of is ignored
  for (const [key, control] of [["model", family], ["lam", lam], ["seed", seed]]) control.value = asked.get(key);
  if ([OTHER, NOTHING, ...names].includes(asked.get("beside"))) beside.value = asked.get("beside");
  if (asked.get("epoch") && Number(asked.get("epoch")) >= 0) wanted = Number(asked.get("epoch"));

  const controls = element("form", { className: "dgan-controls" }, family.box, lam.box, seed.box,
    element("label", {}, "Beside it ", beside),
    element("label", { className: "dgan-slider" }, "Epoch ", epochText, epoch));
  controls.addEventListener("submit", (event) => event.preventDefault());
  controls.addEventListener("input", (event) => {
    if (event.target === epoch) wanted = epochs[epoch.value];
    show();
  });
  root.prepend(controls, told);
  root.classList.add("dgan-live");
  show();
}

document.querySelectorAll(".dgan-explorer").forEach(explore);
