// Elements made of text: nothing that comes from a slide, a reader or a class name is ever read as markup.

export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "class") element.className = value;
    else if (name === "dataset") Object.assign(element.dataset, value);
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (typeof value === "boolean") element.toggleAttribute(name, value);
    else if (value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return element;
}

let fields = 0;

// A control with its label.
export function field(text, control) {
  fields += 1;
  control.id = `field-${fields}`;
  return el("div", { class: "field" }, el("label", { for: control.id }, text), control);
}

export const byId = (id) => document.getElementById(id);

let hiding = 0;

// One line that screen readers speak too.
export function tell(text, kind = "plain") {
  const line = byId("status");
  line.textContent = text;
  line.className = kind;
  clearTimeout(hiding);
  hiding = setTimeout(() => { line.textContent = ""; line.className = ""; }, kind === "problem" ? 9000 : 3500);
}

export const when = (at) => new Date(at).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });

export const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);
