// Everything by keyboard. The list below is both what is done and what the help shows.
import { byId, el, tell } from "./dom.js";
import { takeBack, toggleOverlay } from "./tools.js";

const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const TYPING = "input:not([type=checkbox]):not([type=radio]):not([type=range]), textarea, select";

export const KEYS = [
  ["Slide", [["Arrow keys", "move"], ["+ and -", "zoom"], ["0", "whole slide"], ["f", "fly to the selected finding"], ["o", "show or hide findings"]]],
  ["Findings", [["n, p", "next and previous by weight"], ["a", "accept"], ["x", "reject"], ["1 to 5", "relabel, in the order of the list of classes"],
    ["d", "draw a missed fiber"], ["c", "mark a missed cell"], ["u, y", "undo and redo (also Ctrl+Z, Ctrl+Y)"]]],
  ["While drawing", [["Space", "set a corner, or the cell, under the cross"], ["Backspace", "take the last corner back"], ["Enter", "close the outline"], ["Escape", "leave"]]],
  ["Page", [["s, r, h", "panel: findings, opinion, history"], ["v", "to the slide"], ["Tab", "to the next control"], ["?", "these keys"]]],
];

export function showKeys() {
  const dialog = byId("help");
  dialog.replaceChildren(el("h2", { id: "help-title" }, "Keys"),
    el("div", { class: "keys" }, KEYS.map(([title, rows]) => el("section", {}, el("h3", {}, title),
      el("dl", {}, rows.map(([key, text]) => [el("dt", {}, el("kbd", {}, key)), el("dd", {}, text)]))))),
    el("form", { method: "dialog" }, el("button", { type: "submit", autofocus: true }, "Close")));
  dialog.querySelector("form").addEventListener("submit", (event) => { event.preventDefault(); dialog.close(); });
  dialog.showModal();
}

export function listenToKeys(page) {
  byId("help-button").addEventListener("click", showKeys);
  document.addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]")) return;
    if (event.target.matches(TYPING)) {
      if (event.key === "Escape") byId("viewer").focus();
      return;
    }
    const control = event.ctrlKey || event.metaKey;
    if (control && !event.altKey && ["z", "y", "Z"].includes(event.key)) {
      event.preventDefault();
      inTurn(() => takeBack(page.session, event.key === "z" ? "undo" : "redo"))().catch((problem) => tell(problem.message, "problem"));
      return;
    }
    if (control || event.altKey) return;
    const onSlide = document.activeElement === byId("viewer") || byId("viewer").contains(document.activeElement) || document.activeElement === document.body;
    if (page.drawing.active && onSlide && page.drawing.key(event.key)) { event.preventDefault(); return; }
    if (act(page, event, onSlide)) event.preventDefault();
  });
}

// What is done to findings is done in the order of the keys, however long each takes to be found or saved.
let before = Promise.resolve();
const inTurn = (todo) => () => { before = before.catch(() => {}).then(todo); return before; };

function act(page, event, onSlide) {
  const { session, viewer, strip, panel, drawing } = page;
  if (event.key in MOVES && onSlide) { viewer.pan(...MOVES[event.key]); return true; }
  const acts = {
    "+": () => viewer.zoom(1.5), "=": () => viewer.zoom(1.5), "-": () => viewer.zoom(1 / 1.5), 0: () => viewer.home(),
    "?": showKeys, v: () => byId("viewer").focus(),
    u: inTurn(() => takeBack(session, "undo")), y: inTurn(() => takeBack(session, "redo")),
    d: () => drawing.begin("fiber"), c: () => drawing.begin("cell"),
    s: () => panel.show("findings"), r: () => panel.show("opinion"), h: () => panel.show("history"),
    Escape: inTurn(() => session.select(null)),
  };
  if (session.unsealed) {
    Object.assign(acts, { n: inTurn(() => strip.step(1)), p: inTurn(() => strip.step(-1)), o: () => toggleOverlay(session),
      f: inTurn(() => fly(session, viewer)), a: inTurn(() => panel.correct("accept")), x: inTurn(() => panel.correct("reject")) });
    for (let number = 1; number <= 5; number += 1) acts[number] = inTurn(() => panel.relabel(number - 1));
  }
  if (!Object.hasOwn(acts, event.key)) return false;
  Promise.resolve(acts[event.key]()).catch((problem) => tell(problem.message, "problem"));
  return true;
}

function fly(session, viewer) {
  const center = session.facts?.center_um ?? session.verdict(session.selected)?.drawn?.point_um
    ?? session.verdict(session.selected)?.drawn?.outline_um?.slice(0, 2);
  if (center) viewer.flyTo(center);
  else tell("Nothing is selected.");
}
