// The buttons over the slide: everything that a key does, for the mouse.
import { el, tell } from "./dom.js";

export function showTools(element, { session, viewer, overlay, drawing }) {
  const button = (label, key, act, title) =>
    el("button", { type: "button", title: `${title} (${key})`, "aria-label": title, "aria-keyshortcuts": key, onclick: act }, label);
  const toggle = button("Overlay", "o", () => toggleOverlay(session), "Show or hide findings");
  const undo = button("Undo", "u", () => takeBack(session, "undo"), "Undo the last correction");
  const redo = button("Redo", "y", () => takeBack(session, "redo"), "Redo");
  const fiber = button("Draw fiber", "d", () => drawing.begin("fiber"), "Draw a missed fiber");
  const cell = button("Draw cell", "c", () => drawing.begin("cell"), "Mark a missed cell");
  element.append(
    button("+", "+", () => viewer.zoom(1.5), "Zoom in"), button("−", "-", () => viewer.zoom(1 / 1.5), "Zoom out"),
    button("Whole", "0", () => viewer.home(), "Whole slide"), toggle, fiber, cell, undo, redo);
  const update = () => {
    toggle.hidden = !session.unsealed;
    toggle.setAttribute("aria-pressed", String(session.filter.overlay));
    undo.disabled = session.corrections?.undo == null;
    redo.disabled = session.corrections?.redo == null;
    fiber.setAttribute("aria-pressed", String(drawing.active === "fiber"));
    cell.setAttribute("aria-pressed", String(drawing.active === "cell"));
  };
  for (const name of ["case", "slide", "corrections", "filter", "drawing", "seals"]) session.addEventListener(name, update);
  return overlay;
}

export function toggleOverlay(session) {
  session.filter.overlay = !session.filter.overlay;
  session.fire("filter");
  tell(session.filter.overlay ? "Findings are shown." : "Findings are hidden.");
}

export async function takeBack(session, what) {
  const done = await session[what]();
  tell(done ? (what === "undo" ? "Taken back; it stays in the history." : "Done again.") : `Nothing to ${what}.`);
}
