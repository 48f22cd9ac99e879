/* Figure 3 point by point: the generated image nearest to the pointer, or chosen by a slider, in both planes at once. */

function cloud(section) {
  const thumb = section.querySelector(".dgan-thumb");
  if (!thumb) return;
  const count = Number(thumb.dataset.count), columns = Number(thumb.dataset.columns);
  const planes = [...section.querySelectorAll("svg")].map((svg) => ({ svg, discs: [...svg.querySelectorAll(".dgan-fake circle")].slice(0, count) }));
  const slider = Object.assign(document.createElement("input"), { type: "range", min: 1, max: count, value: 1 });
  const text = document.createElement("span");
  const label = document.createElement("label");
  label.append(text, slider);
  const row = Object.assign(document.createElement("div"), { className: "dgan-pick" });
  row.append(thumb, label);
  section.append(row);
  thumb.hidden = false;
  thumb.setAttribute("role", "img");
  thumb.style.backgroundSize = `${100 * columns}% auto`;

  let chosen = 0;
  function choose(index) {
    for (const { discs } of planes) {
      discs[chosen]?.classList.remove("dgan-chosen");
      discs[index]?.classList.add("dgan-chosen");
      discs[index]?.parentNode.append(discs[index]); // drawn last, on top
    }
    chosen = index;
    slider.value = index + 1;
    text.textContent = `Generated image ${index + 1} of ${count}`;
    thumb.setAttribute("aria-label", `${thumb.dataset.name}, generated image ${index + 1}`);
    const rows = Math.ceil(count / columns), line = Math.floor(index / columns);
    thumb.style.backgroundPosition = `${(100 * (index % columns)) / (columns - 1)}% ${rows > 1 ? (100 * line) / (rows - 1) : 0}%`;
  }

  slider.addEventListener("input", () => choose(slider.value - 1));
  for (const { svg, discs } of planes) {
    const places = discs.map((disc) => [disc.cx.baseVal.value, disc.cy.baseVal.value]);
    const nearest = (event) => {
      const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
      const far = places.map(([x, y]) => Math.hypot(x - at.x, y - at.y));
      const index = far.indexOf(Math.min(...far));
      if (far[index] < 12) choose(index);
    };
    svg.addEventListener("pointermove", nearest);
    svg.addEventListener("pointerdown", nearest);
  }
  choose(0);
}

document.querySelectorAll(".dgan-cloud").forEach(cloud);
