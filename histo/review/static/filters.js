// Which findings are shown: by class, by confidence, by what was done with them.
import { el, field } from "./dom.js";
import { swatch } from "./marks.js";

export function filters(session) {
  const { filter } = session;
  const changed = () => session.fire("filter");
  const box = (names, kind, isCell) => el("label", { class: "check" },
    el("input", { type: "checkbox", checked: names.has(kind.name), dataset: { keep: `class-${kind.name}` },
      onchange: (event) => { if (event.target.checked) names.add(kind.name); else names.delete(kind.name); changed(); } }),
    swatch(kind, isCell), isCell ? kind.label : kind.plural);
  const least = el("output", {}, filter.least.toFixed(2));
  const { classes } = session.about;
  const cells = session.slide?.cells_assessed ? classes.cells.map((kind) => box(filter.cells, kind, true))
    : el("p", { class: "quiet" }, "Not assessed: the slide is too coarse to tell what kind a nucleus is.");
  return el("section", { class: "box" }, el("h2", {}, "Show"),
    el("fieldset", {}, el("legend", {}, "Fibers"), classes.fibers.map((kind) => box(filter.fibers, kind, false))),
    el("fieldset", {}, el("legend", {}, "Nuclei, by likeness"), cells),
    el("label", { class: "range" }, "Probability at least ", least,
      el("input", { type: "range", min: "0", max: "1", step: "0.05", value: String(filter.least), dataset: { keep: "least" },
        oninput: (event) => { filter.least = Number(event.target.value); least.textContent = filter.least.toFixed(2); changed(); } })),
    field("Reviewed", el("select", { dataset: { keep: "review" }, onchange: (event) => { filter.review = event.target.value; changed(); } },
      [["all", "all findings"], ["open", "not yet looked at"], ["done", "looked at"]].map(([value, text]) =>
        el("option", { value, selected: filter.review === value }, text)))));
}
