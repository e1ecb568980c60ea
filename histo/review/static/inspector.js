// The selected finding: what the machine says of it, and what the reader makes of it.
import { el, sentence } from "./dom.js";
import { swatch } from "./marks.js";

const DID = { accept: "You accepted it.", reject: "You rejected it.", draw: "You drew it." };

export function kindsFor(session, target) {
  const { classes } = session.about;
  if (!target) return [];
  const drawn = session.verdict(target)?.drawn;
  return target.startsWith("cell") || drawn?.point_um ? classes.cells : classes.fibers;
}

export function inspector(panel) {
  const { session } = panel;
  const { selected, facts } = session;
  if (!selected) return el("section", { class: "box" }, el("h2", {}, "No finding selected"),
    el("p", { class: "quiet" }, "n goes to the finding of most weight; a click on the slide selects one. ? shows all keys."));
  const kinds = kindsFor(session, selected);
  const isCell = kinds === session.about.classes.cells;
  const verdict = session.verdict(selected);
  const machine = kinds.find((kind) => kind.name === facts?.finding_class);
  const now = kinds.find((kind) => kind.name === (verdict?.payload.finding_class ?? verdict?.drawn?.finding_class));
  return el("section", { class: "box" },
    el("h2", {}, `${isCell ? "Cell" : "Fiber"} ${selected.split("-")[1]}${selected.startsWith("drawn") ? ", drawn by you" : ""}`),
    machine ? el("p", {}, "Machine: ", swatch(machine, isCell), el("strong", {}, machine.label), ` ${facts.probabilities[machine.name].toFixed(2)}`) : null,
    verdict ? el("p", { class: "yours" }, verdict.act === "relabel" || verdict.act === "draw" ? ["You: ", swatch(now, isCell), el("strong", {}, now.label)] : DID[verdict.act]) : null,
    el("div", { class: "acts" },
      act(panel, "Accept", "a", () => panel.correct("accept"), verdict?.act === "accept"),
      act(panel, "Reject", "x", () => panel.correct("reject"), verdict?.act === "reject")),
    el("fieldset", {}, el("legend", {}, "Relabel as"), kinds.map((kind, index) =>
      el("button", { type: "button", class: "kind", "aria-pressed": String(now === kind), dataset: { keep: `kind-${index}` }, onclick: () => panel.relabel(index) },
        el("kbd", {}, String(index + 1)), swatch(kind, isCell), kind.label))),
    facts ? details(facts, kinds) : null);
}

function act(panel, label, key, onclick, pressed) {
  return el("button", { type: "button", class: "act", "aria-pressed": String(pressed), dataset: { keep: `act-${key}` }, onclick }, label, " ", el("kbd", {}, key));
}

function details(facts, kinds) {
  const rows = kinds.map((kind) => [kind.label, facts.probabilities[kind.name].toFixed(2)]);
  if (facts.area_um2 !== undefined) rows.push(["smallest caliper", `${facts.min_feret_um} µm`], ["area", `${Math.round(facts.area_um2)} µm²`]);
  if (facts.attributes?.length) rows.push(["also", facts.attributes.join(", ").replaceAll("_", " ")]);
  if (facts.cut) rows.push(["outline", "cut by a border"]);
  return el("details", { open: true }, el("summary", {}, "What the machine measured"),
    el("table", { class: "facts" }, el("tbody", {}, rows.map(([name, value]) => el("tr", {}, el("th", { scope: "row" }, name), el("td", {}, value))))),
    facts.reasons.length ? [el("h3", {}, "It counts towards"), facts.reasons.map((reason) => el("p", { class: "reason" }, sentence(reason)))] : null);
}
