// The panel beside the slide: findings, opinion, history.
import { el, tell } from "./dom.js";
import { filters } from "./filters.js";
import { history } from "./history.js";
import { inspector, kindsFor } from "./inspector.js";
import { opinion } from "./opinion.js";

const TABS = { findings: "Findings", opinion: "Opinion", history: "History" };

export class Panel {
  constructor(element, session, viewer, strip) {
    Object.assign(this, { element, session, viewer, strip, tab: null });
    session.addEventListener("case", () => this.phase());
    session.addEventListener("looking", () => { if (this.tab !== "findings") { this.tab = "findings"; this.render(); } });
    for (const name of ["selected", "facts", "corrections", "slide"]) {
      session.addEventListener(name, () => { if (this.tab === "findings") this.render(); });
    }
    session.addEventListener("strip", () => { if (this.tab === "findings") this.render(); });
    session.addEventListener("corrections", () => { if (this.tab === "history") this.render(); });
  }

  get tabs() { return this.session.unsealed ? TABS : { opinion: "Second read", history: "History" }; }

  phase() {
    const changed = this.was !== this.session.found.phase;
    this.was = this.session.found.phase;
    if (changed && this.session.slide) { this.session.fire("seals"); this.tab = "opinion"; }
    if (this.session.slide && (changed || this.tab !== "findings")) this.render();
  }

  show(tab) {
    if (!(tab in this.tabs)) { tell("Record your own reading first: the machine's is sealed until then."); return; }
    this.tab = tab;
    this.render();
    this.element.querySelector("[aria-current=page]").focus();
  }

  render() {
    this.was ??= this.session.found.phase;
    if (this.tab === null || !(this.tab in this.tabs)) this.tab = this.session.unsealed ? "findings" : "opinion";
    const focused = this.element.contains(document.activeElement) ? document.activeElement.dataset.keep : null;
    const scroll = this.shown === this.session.selected ? this.element.scrollTop : 0;
    this.shown = this.session.selected;
    const body = { findings: () => [inspector(this), filters(this.session)], opinion: () => [opinion(this)], history: () => [history(this)] };
    this.element.replaceChildren(
      el("nav", { class: "tabs", "aria-label": "Panel" }, Object.entries(this.tabs).map(([tab, text]) =>
        el("button", { type: "button", "aria-current": tab === this.tab ? "page" : null, dataset: { keep: `tab-${tab}` }, onclick: () => this.show(tab) }, text))),
      ...body[this.tab]());
    this.element.scrollTop = scroll;
    if (focused) this.element.querySelector(`[data-keep="${CSS.escape(focused)}"]`)?.focus();
  }

  async correct(act, more = {}) {
    const { selected } = this.session;
    if (!selected) { tell("Select a finding first: n goes to the next."); return; }
    try {
      await this.session.correct(act, selected, more);
      tell({ accept: "Accepted and saved.", reject: "Rejected and saved.", relabel: "Relabelled and saved." }[act]);
    } catch (problem) {
      tell(problem.message, "problem");
    }
  }

  relabel(index) {
    const kind = kindsFor(this.session, this.session.selected)[index];
    if (this.session.selected && !kind) { tell("There is no class of that number."); return null; }
    return this.correct("relabel", kind ? { finding_class: kind.name } : {});
  }
}
