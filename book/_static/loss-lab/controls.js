// Controls made from the table of settings, and small helpers to make elements.
(function (lab) {
  // make("p", { className: … }, child, …): an element with these properties and children.
  lab.make = function (name, properties = {}, ...children) {
    const element = Object.assign(document.createElement(name), properties);
    element.append(...children);
    return element;
  };

  let made = 0;

  // A labelled control with a line that explains it; change(value) is called with every value that is possible.
  // Returns { element, show, enable }: show(value) sets it, enable(false) takes it out of use.
  lab.control = function (setting, change) {
    const id = `lab-${setting.key}-${(made += 1)}`, told = lab.make("small", { id: `${id}-told`, textContent: setting.told || "" });
    const input = setting.choices ? select(setting) : number(setting);
    Object.assign(input, { id });
    input.setAttribute("aria-describedby", told.id);
    const show = function (value) {
      if (document.activeElement !== input || setting.choices) input.value = value;
      if (setting.choices) told.textContent = setting.choices[value][1];
    };
    input.addEventListener("change", function () {
      const value = lab.valueOf(setting, input.value);
      input.value = value;
      show(value);
      change(value);
    });
    const element = lab.make("div", { className: "lab-control" }, lab.make("label", { htmlFor: id, textContent: setting.name }), input, told);
    return { element, show, enable: (on) => (input.disabled = !on) };
  };

  function select({ choices }) {
    const options = Object.entries(choices).map(([value, [textContent]]) => lab.make("option", { value, textContent }));
    return lab.make("select", {}, ...options);
  }

  function number({ least, most, step }) {
    return lab.make("input", { type: "number", min: least, max: most, step, inputMode: "decimal" });
  }

  lab.button = function (textContent, told, press) {
    const button = lab.make("button", { type: "button", textContent, title: told });
    button.addEventListener("click", press);
    return button;
  };
})(self.lossLab ||= {});
