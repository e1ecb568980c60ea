// All that the reader did about the case, as it was written; nothing of it can be altered.
import { get } from "./api.js";
import { el, when } from "./dom.js";
import { spoken } from "./opinion.js";

const ACTS = { accept: "accepted", reject: "rejected", relabel: "relabelled", draw: "drew", undo: "took back", open: "opened the case without a second read",
  second_read: "recorded a second read", reveal: "was shown the machine's reading", final: "gave a final opinion",
  audit_draw: "had an audit drawn", audit_answer: "answered in the audit" };

function line(session, entry) {
  const more = [];
  if (entry.target) more.push(entry.target.replace("-", " "));
  if (entry.undoes) more.push(`entry ${entry.undoes}`);
  if (entry.payload.finding_class) more.push(`as ${entry.payload.finding_class.replaceAll("_", " ")}`);
  if (entry.payload.pattern) more.push(spoken(session, entry.payload));
  return el("li", {}, el("span", { class: "quiet" }, `${entry.seq} · ${when(entry.at)} · ${entry.author}`), el("br"),
    `${ACTS[entry.act]}${more.length ? `: ${more.join(", ")}` : ""}`,
    entry.payload.reasons ? el("p", { class: "said" }, entry.payload.reasons) : null);
}

export function history(panel) {
  const { session } = panel;
  const list = el("ol", { class: "history" });
  get(`/api/cases/${session.caseId}/entries`).then((entries) =>
    list.replaceChildren(...(entries.length ? entries.reverse().map((entry) => line(session, entry)) : [el("li", {}, "Nothing yet.")])));
  const earlier = session.corrections?.of_earlier_readings;
  return el("section", { class: "box" }, el("h2", {}, "History"),
    el("p", { class: "quiet" }, "Newest first. Entries are only ever added."),
    earlier ? el("p", {}, `${earlier} of your corrections belong to an earlier reading of this slide: its rows are not those of today, so they are not shown.`) : null,
    el("p", {}, el("a", { href: `/api/slides/${session.slide.id}/corrections`, download: `${session.slide.name}.corrections.json` },
      "Download your corrections of this slide (JSON)")),
    list);
}
