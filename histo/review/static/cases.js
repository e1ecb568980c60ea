// The list of cases, with the state of each.
import { get } from "./api.js";
import { byId, el, tell } from "./dom.js";

const PHASES = {
  sealed: ["○", "Not begun"],
  recorded: ["◐", "Second read recorded"],
  revealed: ["◑", "Compared"],
  opened: ["◇", "Opened without a second read"],
};
const FILES = {
  checking: ["…", "being checked"],
  ready: ["✓", "as it was read"],
  missing: ["✕", "missing"],
  changed: ["!", "changed since it was read"],
  unreadable: ["✕", "cannot be opened"],
};

const state = (mark, text, title) =>
  el("span", { class: "state", title }, el("span", { class: "mark", "aria-hidden": "true" }, mark), text);

function row(found) {
  const [mark, text] = found.decided ? ["●", "Final opinion given"] : PHASES[found.phase];
  const worst = found.slides.find((slide) => slide.state !== "ready") ?? found.slides[0];
  return el("tr", {},
    el("th", { scope: "row" }, el("a", { href: `/cases/${found.id}` }, found.name)),
    el("td", {}, found.slides.map((slide) => slide.name).join(", ")),
    el("td", {}, state(...FILES[worst.state], worst.sentence)),
    el("td", {}, state(mark, text)),
    el("td", { class: "number" }, String(found.corrections)));
}

let shown = "";

async function load() {
  const list = await get("/api/cases");
  const wanted = byId("find").value.trim().toLowerCase();
  const now = JSON.stringify([list, wanted]);
  if (now === shown) return list;
  shown = now;
  const focused = document.activeElement?.getAttribute("href");
  const cases = list.cases.filter((one) => one.name.toLowerCase().includes(wanted));
  byId("rows").replaceChildren(...cases.map(row));
  const decided = list.cases.filter((one) => one.decided).length;
  byId("tally").textContent = `${list.cases.length} in all, ${decided} with a final opinion`;
  byId("unusable").replaceChildren(...(list.unusable.length ? [
    el("h2", {}, "Cannot be reviewed"),
    el("ul", {}, list.unusable.map((one) => el("li", {}, `${one.name}: ${one.problem}`))),
  ] : []));
  if (focused) byId("rows").querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus();
  return list;
}

function move(event) {
  const links = [...byId("rows").querySelectorAll("a")];
  const at = links.indexOf(document.activeElement);
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step === undefined || event.target === byId("find") && step < 0) return;
  event.preventDefault();
  links[Math.max(0, Math.min(links.length - 1, at + step))]?.focus();
}

const about = await get("/api/about");
byId("notice").textContent = about.notice;
byId("reader").textContent = `Reader: ${about.reader}`;
document.addEventListener("keydown", move);
byId("find").addEventListener("input", load);
const refresh = () => load().catch((problem) => tell(problem.message, "problem"));
await refresh();
setInterval(() => { if (!document.hidden) refresh(); }, 2500);
