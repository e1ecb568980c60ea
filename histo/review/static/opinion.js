// The reader's opinion: his own reading first, then the machine's beside it, then the final word.
import { get } from "./api.js";
import { comparison } from "./comparison.js";
import { el, field, sentence, tell, when } from "./dom.js";

export function opinion(panel) {
  const { phase } = panel.session.found;
  if (phase === "sealed") return secondRead(panel);
  if (phase === "recorded") return recorded(panel);
  const holder = el("div", {}, el("p", { class: "quiet" }, "Comparing…"));
  get(`/api/cases/${panel.session.caseId}/comparison`)
    .then((compared) => holder.replaceChildren(comparison(panel, compared), finalWord(panel)))
    .catch((problem) => holder.replaceChildren(el("p", {}, problem.message)));
  return holder;
}

const options = (choices, chosen, none) => [none === null ? null : el("option", { value: "" }, none),
  ...choices.map(({ value, text }) => el("option", { value, selected: value === chosen }, sentence(text)))];

function secondRead(panel) {
  const { session } = panel;
  const { choices } = session.about;
  const before = panel.draft ??= session.found.second_read ?? {};
  const pattern = el("select", { name: "pattern", required: true, dataset: { keep: "pattern" } }, options(choices.patterns, before.pattern, "Choose…"));
  const grades = choices.grades.map(({ finding, name, choices: scale }) => field(name,
    el("select", { name: `grade-${finding}`, dataset: { keep: finding } }, options(scale, before.grades?.[finding], "Not graded"))));
  const confidence = el("fieldset", { class: "radios" }, el("legend", {}, "How sure of the pattern"), choices.confidences.map((value) =>
    el("label", {}, el("input", { type: "radio", name: "confidence", value, required: true, checked: before.confidence === value }), sentence(value))));
  const remarks = el("textarea", { name: "remarks", rows: "3", maxlength: "4000", dataset: { keep: "remarks" } }, before.remarks ?? "");
  const form = el("form", { class: "box" }, el("h2", {}, "Second read"),
    el("p", {}, "Look at the slide and record your own reading. The machine's findings and pattern stay sealed on the server until then."),
    field("Pattern", pattern), confidence,
    el("details", { open: true }, el("summary", {}, "Grades"), grades),
    field("Remarks", remarks),
    el("button", { type: "submit", class: "main" }, "Record my reading"),
    session.found.phase === "sealed" && !session.about.second_read_first ? el("button", { type: "button", class: "aside", onclick: () => openWithout(panel) },
      "Go on without a second read") : null);
  form.addEventListener("input", () => { panel.draft = gather(form); });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const body = gather(form);
    panel.draft = null;
    await said(() => session.opine("second-read", body), "Your reading is recorded.");
  });
  return form;
}

function gather(form) {
  const data = new FormData(form);
  const grades = {};
  for (const [name, value] of data) if (name.startsWith("grade-") && value) grades[name.slice(6)] = value;
  return { pattern: data.get("pattern") || undefined, confidence: data.get("confidence") ?? undefined, remarks: data.get("remarks"), grades };
}

async function said(write, done) {
  try { await write(); tell(done); } catch (problem) { tell(problem.message, "problem"); }
}

async function openWithout(panel) {
  await said(() => panel.session.opine("open", {}), "Opened. The history says that no second read came first.");
}

export function spoken(session, read) {
  const text = session.about.choices.patterns.find((one) => one.value === read.pattern)?.text ?? read.pattern;
  return sentence(text);
}

function recorded(panel) {
  const { session } = panel;
  const read = session.found.second_read;
  const named = session.about.choices.grades.filter(({ finding }) => finding in read.grades);
  return el("section", { class: "box" }, el("h2", {}, "Your reading is recorded"),
    el("p", {}, el("strong", {}, spoken(session, read)), ` (${read.confidence} confidence), ${when(read.at)}`),
    named.length ? el("table", { class: "facts" }, el("tbody", {}, named.map(({ finding, name, choices }) => el("tr", {},
      el("th", { scope: "row" }, name), el("td", {}, choices.find((one) => one.value === read.grades[finding]).text))))) : null,
    read.remarks ? el("p", { class: "said" }, read.remarks) : null,
    el("button", { type: "button", class: "main", dataset: { keep: "reveal" }, onclick: () => said(() => session.opine("reveal", {}), "The machine's reading is shown beside yours.") },
      "Show the machine's reading"),
    el("p", { class: "quiet" }, "After that your second read cannot be changed; you may still come to another final opinion."));
}

function finalWord(panel) {
  const { session } = panel;
  const { final, second_read: read } = session.found;
  const form = el("form", { class: "box" }, el("h2", {}, final ? "Your final opinion" : "Final opinion"),
    final ? el("p", {}, el("strong", {}, spoken(session, final)), `, ${when(final.at)}`) : null,
    final ? el("p", { class: "said" }, final.reasons) : null,
    field(final ? "Another pattern" : "Pattern", el("select", { name: "pattern", required: true, dataset: { keep: "final" } },
      options(session.about.choices.patterns, (final ?? read)?.pattern, "Choose…"))),
    field("Reasons", el("textarea", { name: "reasons", rows: "4", required: true, maxlength: "4000", dataset: { keep: "reasons" } })),
    el("button", { type: "submit", class: "main" }, final ? "Record a new final opinion" : "Record the final opinion"),
    final ? el("p", { class: "quiet" }, "The earlier one stays in the history.") : null);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const data = new FormData(form);
    await said(() => session.opine("final", { pattern: data.get("pattern"), reasons: data.get("reasons") }), "Your final opinion is recorded.");
  });
  return form;
}
