// What the audit's page knows: the items, the answers, and the one at hand. Every answer is saved before the next item.
import { get, post } from "./api.js";

export class AuditSession extends EventTarget {
  constructor(caseId) {
    super();
    Object.assign(this, { caseId, found: null, audit: null, items: [], answers: {}, at: 0, marks: [], result: null, seen: 0 });
    this.channel = new BroadcastChannel("histo-review");
    this.channel.onmessage = () => this.poll().catch(() => {});
  }

  get path() { return `/api/cases/${this.caseId}/audit`; }

  get item() { return this.items[this.at] ?? null; }

  get unsealed() { return this.found.phase === "revealed" || this.found.phase === "opened"; }

  fire(name) { this.dispatchEvent(new Event(name)); }

  async load() {
    this.found = await get(`/api/cases/${this.caseId}`);
    this.take(await get(this.path));
  }

  take({ audit, plan, items = [], answers = {}, field_side_um: side = 0, seen }) {
    Object.assign(this, { audit, plan, items, answers, side, seen, result: null });
    this.go(this.next(-1));
  }

  // What another tab has written, without leaving the item at hand nor losing marks that are not saved yet.
  async refresh() {
    this.found = await get(`/api/cases/${this.caseId}`);
    const now = await get(this.path);
    if (now.audit !== this.audit) this.take(now);
    const number = this.item?.number;
    const changed = now.answers?.[number]?.entry !== this.answers[number]?.entry;
    if (now.seen !== this.seen) this.result = null;
    Object.assign(this, { answers: now.answers ?? {}, seen: now.seen });
    if (changed) this.go(number);
    this.fire("news");
  }

  // Whether another tab, or another server on the same folder, has written something.
  async poll() {
    if (this.writing) return;
    const entries = await get(`/api/cases/${this.caseId}/entries?after=${this.seen}`);
    if (!this.writing && entries.length && entries.at(-1).seq > this.seen) await this.refresh();
  }

  async draw(plan) {
    this.take(await post(`${this.path}/draw`, plan));
    this.channel.postMessage("written");
  }

  // The first item without an answer after this one; from the start again if there is none.
  next(from) {
    const open = (item) => !(item.number in this.answers);
    return (this.items.find((item) => item.number > from && open(item)) ?? this.items.find(open) ?? this.items.at(-1))?.number ?? 0;
  }

  go(number) {
    this.at = Math.max(0, Math.min(this.items.length - 1, number));
    this.marks = [...(this.answers[this.at]?.marks ?? [])];
    this.fire("item");
  }

  mark(kind, [x, y]) {
    const { x_um: left, y_um: top } = this.item;
    if (x < left || y < top || x >= left + this.side || y >= top + this.side) return false;
    this.marks.push({ kind, x_um: x, y_um: y });
    this.fire("marks");
    return true;
  }

  unmark() {
    this.marks.pop();
    this.fire("marks");
  }

  async answer(verdict) {
    const { item } = this;
    const marks = verdict === "read" ? this.marks : [];
    const seen = this.answers[item.number]?.entry ?? 0;
    this.writing = true;
    try {
      const { entry } = await post(`${this.path}/answers`, { audit: this.audit, item: item.number, verdict, marks, seen });
      this.answers[item.number] = { verdict, marks, entry };
      if (entry === this.seen + 1) this.seen = entry; // else there may be news in between, for the next poll
    } catch (problem) {
      if (problem.status === 409) await this.refresh();
      throw problem;
    } finally {
      this.writing = false;
    }
    this.result = null;
    this.channel.postMessage("written");
    this.go(this.next(item.number));
  }

  async count(finding = null, width = null) {
    const effort = finding === null ? "" : `?finding=${finding}&width=${width}`;
    this.result = await get(`${this.path}/result${effort}`);
    this.fire("result");
  }
}
