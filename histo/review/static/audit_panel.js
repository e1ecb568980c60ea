// The audit's panel: how far it is, the question with its keys, and what the answers give.
import { byId, el, sentence, tell } from "./dom.js";

export const FIBER_KEYS = [["1", "intact", "Intact, or small"], ["2", "regenerating", "Regenerating"], ["3", "necrotic_pale", "Necrotic, pale"],
  ["4", "necrotic_hyaline", "Necrotic, hyaline"], ["5", "myophagocytosis", "Myophagocytosis"], ["6", "not_a_fiber", "Not a muscle fiber"], ["0", "cannot_tell", "Cannot tell"]];
export const MARK_KEYS = [["l", "lymphocyte", "Lymphocyte-like"], ["m", "macrophage", "Macrophage-like"], ["p", "necrotic_pale", "Necrotic fiber, pale"],
  ["h", "necrotic_hyaline", "Necrotic fiber, hyaline"], ["f", "myophagocytosis", "Fiber with myophagocytosis"]];
export const FIELD_KEYS = [["Enter", "read", "All is marked"], ["0", "cannot_tell", "Cannot tell"]];
const FINDINGS = { necrotic: "Necrotic fibers", myophagocytosis: "Fibers with myophagocytosis", infiltrate: "Inflammatory cells" };

const whole = (value) => (value === null ? "?" : Math.round(value).toLocaleString("en"));
const range = (found) => `${whole(found.value)} (${Math.floor(found.low).toLocaleString("en")} to ${Math.ceil(found.high).toLocaleString("en")})`;
const said = (work) => work.catch((problem) => tell(problem.message, "problem"));

export class AuditPanel {
  constructor(element, session, page) {
    Object.assign(this, { element, session, page, kind: "lymphocyte" });
    for (const name of ["item", "marks", "news", "result"]) session.addEventListener(name, () => this.render());
  }

  render() {
    const focused = document.activeElement?.dataset?.keep;
    const typed = [...this.element.querySelectorAll("input")].filter((input) => input.value !== input.defaultValue);
    this.element.replaceChildren(...(this.session.items.length
      ? [this.progress(), this.question(), this.results(), this.drawing("Draw a larger audit")]
      : [this.intro(), this.drawing("Draw the audit")]));
    for (const { dataset, value } of typed) {
      const input = this.element.querySelector(`input[data-keep="${CSS.escape(dataset.keep)}"]`);
      if (input) input.value = value;
    }
    if (focused) this.element.querySelector(`[data-keep="${CSS.escape(focused)}"]`)?.focus();
  }

  intro() {
    return el("section", { class: "box" }, el("h2", {}, "Audit and verified count"),
      el("p", {}, "Looking only at what the machine found hides what it missed. An audit draws some of its calls, and fibers and fields that it called healthy, at random; you read each without knowing which it is. "
        + "From your answers come counts with intervals that hold whatever the machine's errors are."));
  }

  progress() {
    const { session } = this;
    return el("section", { class: "box", "aria-label": "Progress" }, ["fiber", "field"].map((kind) => {
      const items = session.items.filter((item) => item.kind === kind);
      const read = items.filter((item) => item.number in session.answers).length;
      return items.length ? el("p", { class: "part" }, el("span", {}, `${kind === "fiber" ? "Fibers" : "Fields"} ${read} of ${items.length}`),
        el("progress", { max: String(items.length), value: String(read), "aria-label": `${kind}s read` })) : null;
    }));
  }

  question() {
    const { session } = this;
    const { item } = session;
    const given = session.answers[item.number];
    const fiber = item.kind === "fiber";
    const button = ([key, verdict, text]) => el("button", { type: "button", dataset: { keep: verdict }, "aria-pressed": String(given?.verdict === verdict),
      onclick: () => said(session.answer(verdict)) }, el("kbd", {}, key), text);
    return el("section", { class: "box" }, el("h2", {}, `${sentence(item.kind)} ${item.number + 1} of ${session.items.length}`),
      el("p", {}, fiber ? "What is the fiber between the four ticks?" : "Mark every inflammatory cell outside necrotic fibers, and the middle of every necrotic fiber, inside the frame."),
      fiber ? null : this.marking(),
      el("div", { class: "answers", role: "group", "aria-label": "Answer" }, (fiber ? FIBER_KEYS : FIELD_KEYS).map(button)),
      el("div", { class: "acts" },
        el("button", { type: "button", dataset: { keep: "back" }, disabled: item.number === 0, onclick: () => session.go(item.number - 1) }, el("kbd", {}, "b"), " Back"),
        el("button", { type: "button", dataset: { keep: "on" }, disabled: item.number === session.items.length - 1, onclick: () => session.go(item.number + 1) }, el("kbd", {}, "n"), " Next"),
        el("button", { type: "button", dataset: { keep: "place" }, onclick: () => this.page.place() }, el("kbd", {}, "c"), " To its place")),
      el("p", { class: "quiet" }, given ? "Answered; a new answer stands for it, and the old one stays in the history." : "Arrow keys move, + and - zoom."));
  }

  marking() {
    const { session } = this;
    const count = (kind) => session.marks.filter((mark) => mark.kind === kind).length;
    return [el("div", { class: "answers", role: "group", "aria-label": "Mark" }, MARK_KEYS.map(([key, kind, text]) =>
      el("button", { type: "button", dataset: { keep: kind }, "aria-pressed": String(this.kind === kind), onclick: () => { this.kind = kind; this.render(); } },
        el("kbd", {}, key), `${text}: ${count(kind)}`))),
    el("p", { class: "quiet" }, "Click to mark the pressed kind, or move the cross with the arrows and press a letter. ",
      el("button", { type: "button", dataset: { keep: "unmark" }, disabled: !session.marks.length, onclick: () => session.unmark() }, el("kbd", {}, "u"), " Take back"))];
  }

  results() {
    const { session } = this;
    if (!session.unsealed) {
      return el("section", { class: "box" }, el("h2", {}, "Verified count"),
        el("p", {}, "The counts stand beside the machine's, so they are shown once your second read is recorded and compared. Your answers are kept until then."));
    }
    const { result } = session;
    return el("section", { class: "box" }, el("h2", {}, "Verified count"),
      result ? [this.counts(result.result), this.limit(result.result.miss_limit)] : null,
      el("div", { class: "acts" },
        el("button", { type: "button", class: "main", dataset: { keep: "count" }, onclick: () => said(session.count()) }, result ? "Count again" : "Count")),
      this.effort(result?.effort),
      el("p", {}, el("a", { href: `${session.path}/record`, download: `${session.found.name}.audit.json` }, "Download the audit (JSON)")));
  }

  counts({ counts }) {
    const row = (name, found, part) => (found ? el("tr", { class: part ? "part-of" : "" }, el("th", { scope: "row" }, name), el("td", {}, range(found))) : null);
    return [el("table", { class: "counts" }, el("thead", {}, el("tr", {}, ["Finding", "Verified (95%)"].map((text) => el("th", { scope: "col" }, text)))),
      el("tbody", {}, counts.map((one) => (one.count === null
        ? el("tr", {}, el("th", { scope: "row" }, FINDINGS[one.finding]), el("td", {}, `not counted: ${one.not_counted}`))
        : [row(`${FINDINGS[one.finding]} (machine: ${whole(one.machine)})`, one.count, false), row("of its calls", one.confirmed, true),
          row("missed among outlined fibers", one.missed, true), row("missed without an outline", one.without_outline, true)])))),
    counts.some((one) => one.unread?.length) ? el("p", { class: "quiet" }, `Nothing is told yet of: ${[...new Set(counts.flatMap((one) => one.unread))].join(", ")}. The intervals hold whatever is there.`) : null,
    counts.some((one) => one.cannot_tell) ? el("p", { class: "quiet" }, `Of ${Math.max(...counts.map((one) => one.cannot_tell))} items you could not tell; the intervals hold whatever they are.`) : null];
  }

  limit(found) {
    if (!found) return null;
    return el("p", {}, `Of ${found.read} fibers that the machine called healthy, ${found.missed} ${found.missed === 1 ? "was" : "were"} necrotic. With 95% confidence it missed at most `
      + `${found.at_most_percent.toPrecision(2)}% of such fibers: no sample of this size says less.`);
  }

  effort(found) {
    const form = el("form", { class: "numbers" }, el("label", {}, "How much more for",
      el("select", { name: "finding", dataset: { keep: "finding" } }, Object.entries(FINDINGS).map(([value, text]) => el("option", { value }, text)))),
    el("label", {}, "an interval no wider than", el("input", { name: "width", type: "number", min: "0", value: "50", required: true, dataset: { keep: "width" } })),
    el("button", { type: "submit", dataset: { keep: "effort" } }, "Reckon"),
    found ? el("p", {}, `About ${whole(found.fibers)} more fibers and ${whole(found.fields)} more fields, if they are like those read so far; then ${whole(found.low)} to ${whole(found.high)}.`) : null);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const data = new FormData(form);
      said(this.session.count(data.get("finding"), data.get("width")));
    });
    return form;
  }

  drawing(title) {
    const { session } = this;
    const number = (name, text) => el("label", {}, text,
      el("input", { name, type: "number", min: "0", step: "1", required: true, value: String(session.plan[name]), dataset: { keep: `plan-${name}` } }));
    const form = el("form", { class: "box numbers" }, el("h2", {}, title),
      number("called", "Fibers of each kind of call, at most"), number("healthy", "Fibers called healthy"), number("fields", "Fields"), number("seed", "Seed"),
      el("button", { type: "submit", class: session.items.length ? "" : "main" }, title),
      session.items.length ? el("p", { class: "quiet" }, "With the same seed a larger audit holds the smaller one: your answers count on.") : null);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const plan = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, Number(value)]));
      said(session.draw(plan).then(() => { tell("The audit is drawn."); byId("viewer").focus({ preventScroll: true }); }));
    });
    return form;
  }
}
