/* One switch for all folded code of a page but the solutions of exercises, which each reader opens one by one. Without
   this script each cell folds and unfolds on its own. */
"use strict";
(() => {
  const folded = [...document.querySelectorAll("div.cell:not(.tag_solution) details.above-input")];
  for (const bar of document.querySelectorAll("div.tag_solution details.above-input > summary"))
    for (const [state, text] of [["collapsed", "Show the solution"], ["expanded", "Hide the solution"]]) {
      const told = bar.querySelector(`.${state}`);
      if (told) told.textContent = text;
    }
  if (folded.length) {
    const KEY = "dgan-code";
    const button = Object.assign(document.createElement("button"), { type: "button", className: "dgan-code" });
    const show = (shown) => {
      button.setAttribute("aria-pressed", shown);
      button.textContent = shown ? "Hide the code of this page" : "Show the code of this page";
      document.documentElement.classList.toggle("dgan-code-hidden", !shown);
      for (const cell of folded) cell.open = shown;
    };
    const stored = () => { try { return localStorage.getItem(KEY) === "shown"; } catch { return false; } };
    button.addEventListener("click", () => {
      const shown = button.getAttribute("aria-pressed") !== "true";
      try { localStorage.setItem(KEY, shown ? "shown" : "hidden"); } catch { /* a browser that keeps nothing */ }
      show(shown);
    });
    document.querySelector("article h1").after(button);
    show(stored());
  }
})();
