// What a page knows: the case, the slide at hand, its corrections, what is filtered and what is selected.
// Everything that is done goes through here and is saved before it is shown.
import { get, post } from "./api.js";

export class Session extends EventTarget {
  constructor(about, caseId) {
    super();
    Object.assign(this, { about, caseId, found: null, slide: null, corrections: null, selected: null, facts: null });
    this.filter = { fibers: new Set(about.classes.fibers.map((one) => one.name)),
      cells: new Set(about.classes.cells.filter((one) => one.inflammatory).map((one) => one.name)),
      least: 0, review: "all", overlay: true };
    this.channel = new BroadcastChannel("histo-review");
    this.channel.onmessage = () => this.poll();
  }

  get unsealed() { return this.found.phase === "revealed" || this.found.phase === "opened"; }

  fire(name) { this.dispatchEvent(new Event(name)); }

  async load() {
    this.found = await get(`/api/cases/${this.caseId}`);
    this.seen = this.found.seen;
    this.fire("case");
  }

  async show(slideId) {
    this.slide = this.found.slides.find((one) => one.id === slideId) ?? this.found.slides[0];
    this.corrections = null;
    await this.select(null);
    this.fire("slide"); // its pixels need not wait for the rest
    this.corrected = this.fetchCorrections();
    await this.corrected;
  }

  async fetchCorrections() {
    this.corrections = await get(`/api/slides/${this.slide.id}/corrections`);
    this.fire("corrections");
  }

  async select(target) {
    this.selected = target;
    this.facts = null;
    this.fire("selected");
    if (target === null || target.startsWith("drawn-")) return;
    const facts = await get(`/api/slides/${this.slide.id}/findings/${target}`);
    if (this.selected !== target) return;
    this.facts = facts;
    this.fire("facts");
  }

  verdict(target) { return this.corrections?.corrections.find((one) => one.target === target) ?? null; }

  async correct(act, target, more = {}) {
    const body = { act, ...more };
    await this.corrected;
    if (target !== null) Object.assign(body, { target, seen: this.corrections.touched[target] ?? 0 });
    await this.write(`/api/slides/${this.slide.id}/corrections`, body);
  }

  async undo() {
    if (this.corrections.undo === null) return false;
    await this.write(`/api/slides/${this.slide.id}/undo`, { entry: this.corrections.undo });
    return true;
  }

  async redo() {
    if (this.corrections.redo === null) return false;
    await this.write(`/api/slides/${this.slide.id}/redo`, { entry: this.corrections.redo });
    return true;
  }

  async write(path, body) {
    try {
      const corrections = await post(path, body);
      this.seen = corrections.seen;
      if (corrections.slide === this.slide.id) this.corrections = corrections;
      this.channel.postMessage("written");
    } catch (problem) {
      if (problem.status === 409) await this.refresh();
      throw problem;
    } finally {
      this.fire("corrections");
    }
  }

  async opine(act, body) {
    try {
      this.found = await post(`/api/cases/${this.caseId}/${act}`, { ...body, seen: this.seen });
      this.seen = this.found.seen;
      this.channel.postMessage("written");
    } catch (problem) {
      if (problem.status === 409) await this.refresh();
      throw problem;
    }
    this.fire("case");
  }

  async refresh() {
    const before = this.found.phase;
    await this.load();
    this.corrections = await get(`/api/slides/${this.slide.id}/corrections`);
    this.slide = this.found.slides.find((one) => one.id === this.slide.id);
    if (before !== this.found.phase) this.fire("slide");
    this.fire("corrections");
  }

  // Whether another tab, or another server on the same folder, has written something.
  async poll() {
    const entries = await get(`/api/cases/${this.caseId}/entries?after=${this.seen}`);
    if (entries.length && entries.at(-1).seq > this.seen) { await this.refresh(); return; }
    if (this.slide?.state !== "ready") {
      const found = await get(`/api/cases/${this.caseId}`);
      const now = found.slides.find((one) => one.id === this.slide.id);
      if (now.state !== this.slide.state) { this.found = found; this.slide = now; this.fire("slide"); }
    }
  }
}
