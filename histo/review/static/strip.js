// Findings in the order of their weight, as crops: next and previous without the mouse.
import { get } from "./api.js";
import { el, tell } from "./dom.js";
import { swatch } from "./marks.js";

const BATCH = 50;
const DID = { accept: "✓ accepted", reject: "✕ rejected", relabel: "→ relabelled" };

export class Strip {
  constructor(element, session, viewer) {
    Object.assign(this, { element, session, viewer, all: [], listed: [], at: -1, drawn: 0, loaded: Promise.resolve() });
    this.count = el("p", { class: "count" });
    this.row = el("div", { class: "crops" });
    this.row.addEventListener("scroll", () => { if (this.row.scrollLeft + this.row.clientWidth > this.row.scrollWidth - 600) this.more(); });
    element.append(this.count, this.row);
    session.addEventListener("selected", () => this.follow());
  }

  load() {
    this.loaded = this.fetch();
    return this.loaded;
  }

  async fetch() {
    const { session } = this;
    this.element.hidden = !session.unsealed;
    document.body.classList.toggle("sealed", !session.unsealed);
    this.all = [];
    this.leftOut = 0;
    this.row.replaceChildren();
    this.count.textContent = "Findings are being read…";
    if (session.unsealed) {
      const { slide } = session;
      const strip = await get(`/api/slides/${slide.id}/strip`);
      if (slide.id !== session.slide.id) return; // another slide is shown by now
      this.all = strip.findings;
      this.leftOut = strip.left_out;
    }
    this.at = -1;
    this.render();
    session.fire("strip");
  }

  passes(one) {
    const { filter } = this.session;
    const verdict = this.session.verdict(one.target);
    if (filter.review === "open" && verdict || filter.review === "done" && !verdict) return false;
    const name = verdict?.payload.finding_class ?? one.finding_class;
    return (one.target.startsWith("fiber") ? filter.fibers : filter.cells).has(name) && one.probability >= filter.least;
  }

  render() {
    this.listed = this.all.filter((one) => this.passes(one));
    this.row.replaceChildren();
    this.drawn = 0;
    this.more();
    this.follow();
  }

  more(upTo = this.drawn + BATCH) {
    const kinds = Object.fromEntries([...this.session.about.classes.fibers, ...this.session.about.classes.cells].map((kind) => [kind.name, kind]));
    for (; this.drawn < Math.min(upTo, this.listed.length); this.drawn += 1) {
      const index = this.drawn;
      const one = this.listed[index];
      const isCell = one.target.startsWith("cell");
      this.row.append(el("button", { type: "button", class: "crop", tabindex: "-1", dataset: { target: one.target },
        "aria-label": `${kinds[one.finding_class].label}, probability ${one.probability.toFixed(2)}`,
        title: one.because.length ? `Decided: ${one.because.join(", ").replaceAll("_", " ")}` : null,
        onclick: () => this.go(index) },
      el("img", { src: `/api/slides/${this.session.slide.id}/crops/${one.target}`, width: "112", height: "112", loading: "lazy", alt: "" }),
      el("span", { class: "label" }, swatch(kinds[one.finding_class], isCell), kinds[one.finding_class].label),
      el("span", { class: "quiet" }, `${one.probability.toFixed(2)}${one.because.length ? " · decided" : ""}`),
      el("span", { class: "did" })));
    }
    this.mark();
  }

  mark() {
    for (const crop of this.row.children) {
      const verdict = this.session.verdict(crop.dataset.target);
      crop.querySelector(".did").textContent = verdict ? DID[verdict.act] : "";
    }
    this.say();
  }

  say() {
    const done = this.listed.filter((one) => this.session.verdict(one.target)).length;
    const place = this.at >= 0 ? `${this.at + 1} of ` : "";
    const rest = this.leftOut ? `; ${this.leftOut.toLocaleString("en")} of less weight are not listed` : "";
    this.count.textContent = `Findings by weight: ${place}${this.listed.length.toLocaleString("en")}, ${done} looked at${rest}`;
  }

  async go(index) {
    if (!this.listed.length) { tell("No finding passes the filter."); return; }
    const at = Math.max(0, Math.min(this.listed.length - 1, index));
    if (at === this.at && index !== at) tell(index < 0 ? "This is the first finding." : "This is the last finding.");
    this.at = at;
    const one = this.listed[at];
    this.viewer.flyTo(one.center_um, one.target.startsWith("cell") ? 140 : 260);
    this.session.fire("looking");
    await this.session.select(one.target);
  }

  async step(by) {
    await this.loaded; // a key that comes before the list is not lost
    await this.go(this.at + by);
  }

  follow() {
    const { selected } = this.session;
    const at = this.listed.findIndex((one) => one.target === selected);
    if (at >= 0) { this.at = at; if (at >= this.drawn) this.more(at + BATCH); }
    for (const crop of this.row.children) {
      const is = crop.dataset.target === selected;
      crop.setAttribute("aria-pressed", String(is));
      if (is) crop.scrollIntoView({ block: "nearest", inline: "center" });
    }
    this.say();
  }
}
