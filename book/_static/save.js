/* Each figure can be saved as SVG or PNG, in its light colours and with nothing of the page around it. */
"use strict";
(() => {
  const PIXELS = 3; // of a PNG for each of the drawing's own: sharp on a slide

  function drawing(svg) {
    const copy = svg.cloneNode(true);
    const [, , width, height] = svg.getAttribute("viewBox").split(" ");
    copy.setAttribute("width", width);
    copy.setAttribute("height", height);
    copy.setAttribute("style", "color:#222222;fill:currentColor");
    copy.querySelector("style")?.remove(); // the dark theme's colours
    return { text: new XMLSerializer().serializeToString(copy), width: +width, height: +height };
  }

  function download(blob, name) {
    const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }

  async function save(svg, name, kind) {
    const { text, width, height } = drawing(svg);
    const vector = new Blob([text], { type: "image/svg+xml" });
    if (kind === "SVG") return download(vector, `${name}.svg`);
    const image = new Image(width, height);
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
    await image.decode();
    const canvas = Object.assign(document.createElement("canvas"), { width: width * PIXELS, height: height * PIXELS });
    const context = canvas.getContext("2d");
    context.fillStyle = "white";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    canvas.toBlob((blob) => download(blob, `${name}.png`));
  }

  for (const figure of document.querySelectorAll("figure.dgan-figure[id]")) {
    const svg = figure.querySelector(":scope > .dgan-scroll > svg");
    if (!svg) continue;
    const line = Object.assign(document.createElement("p"), { className: "dgan-save" });
    for (const kind of ["SVG", "PNG"]) {
      const button = Object.assign(document.createElement("button"), { type: "button", textContent: `Save as ${kind}` });
      button.addEventListener("click", () => save(svg, figure.id, kind));
      line.append(button);
    }
    figure.append(line);
  }
})();
