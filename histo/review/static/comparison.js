// Two readings side by side, and the evidence for each difference.
import { el, sentence } from "./dom.js";

const MARKS = { agree: ["=", "agree"], differ: ["≠", "differ"], "not compared": ["·", "not compared"] };

function verdict(agreement) {
  const [mark, text] = MARKS[agreement];
  return el("span", { class: `agreement ${agreement.replace(" ", "-")}` }, el("span", { "aria-hidden": "true" }, mark), ` ${text}`);
}

export function comparison(panel, { pattern, grades, blind, model }) {
  const differing = grades.filter((row) => row.agreement === "differ").length + (pattern.agreement === "differ" ? 1 : 0);
  return el("div", {},
    el("section", { class: "box" }, el("h2", {}, "Pattern"),
      el("div", { class: "pair" },
        el("div", {}, el("h3", {}, "You"), el("p", { class: "large" }, pattern.yours ? sentence(pattern.yours) : "No second read was recorded.")),
        el("div", {}, el("h3", {}, "Machine"), el("p", { class: "large" }, sentence(pattern.machine)))),
      el("p", {}, verdict(pattern.agreement), pattern.yours ? ` · ${differing} of ${grades.length + 1} points differ` : "",
        pattern.yours && !blind ? " · not blind" : ""),
      el("p", {}, pattern.refusal ?? sentence(`${pattern.reason}.`), pattern.refusal ? "" : el("span", { class: "quiet" }, ` ${pattern.source}`)),
      criteria("What the machine's evidence says of your pattern", pattern.agreement === "differ" ? pattern.your_pattern : null),
      criteria("What it says of its own", pattern.machine_pattern),
      pattern.stains.length ? el("p", {}, el("strong", {}, "Would separate the first two candidates: "), pattern.stains.join(", ")) : null,
      pattern.caveats.length ? el("details", {}, el("summary", {}, "Caveats"), el("ul", {}, pattern.caveats.map((one) => el("li", {}, one)))) : null,
      el("p", { class: "quiet" }, `${model.name} ${model.version}. ${model.trained_on}`)),
    el("section", { class: "box" }, el("h2", {}, "Findings"), grades.map((row) => grade(panel, row))));
}

function criteria(title, candidate) {
  if (!candidate) return null;
  const list = (name, items) => items.length ? [el("h4", {}, name), el("ul", {}, items.map((item) => el("li", {}, item)))] : null;
  return el("details", { open: candidate.unmet.length > 0 }, el("summary", {}, `${title} (candidate ${candidate.rank})`),
    list("For", candidate.met), list("Against", candidate.unmet), list("Not assessed", candidate.not_assessed));
}

function grade(panel, row) {
  const { session } = panel;
  const slide = session.slide.name;
  const here = row.places[slide] ?? [];
  return el("details", { class: "grade", open: row.agreement === "differ" },
    el("summary", {}, el("span", { class: "finding" }, row.name, row.decisive ? el("span", { class: "quiet" }, " decisive") : null), verdict(row.agreement)),
    el("div", { class: "pair" },
      el("div", {}, el("h4", {}, "You"), el("p", {}, row.yours ?? "not graded")),
      el("div", {}, el("h4", {}, "Machine"), el("p", {}, row.machine))),
    row.evidence ? el("p", { class: "reason" }, row.evidence) : null,
    here.length ? el("button", { type: "button", dataset: { keep: `places-${row.finding}` }, onclick: () => lookAt(panel, here) },
      `Look at ${here.length === 1 ? "it" : `these ${here.length}`} on the slide`) : null);
}

// One after another, by repeated presses.
async function lookAt(panel, targets) {
  const { session, viewer } = panel;
  const next = targets[(targets.indexOf(session.selected) + 1) % targets.length];
  await session.select(next);
  if (session.facts) viewer.flyTo(session.facts.center_um);
}
