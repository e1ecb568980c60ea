// A missed fiber by hand or by keys, a missed cell by one point; then its class.
import { byId, el, tell } from "./dom.js";
import { swatch } from "./marks.js";

const LEAST_STEP_PX = 4;

export class Drawing {
  constructor(viewer, overlay, session) {
    Object.assign(this, { viewer, overlay, session, active: null, points: [], held: false });
    overlay.extra = (context, view) => this.draw(context, view);
    const { osd } = viewer;
    osd.addHandler("canvas-press", (event) => {
      if (!this.active) return;
      this.held = true;
      if (this.active === "fiber") this.points = [];
      this.add(event.position);
    });
    osd.addHandler("canvas-drag", (event) => {
      if (!this.active) return;
      event.preventDefaultAction = true;
      if (this.held && this.active === "fiber") this.add(event.position);
    });
    osd.addHandler("canvas-release", () => {
      if (!this.active || !this.held) return;
      this.held = false;
      this.finish();
    });
    osd.addHandler("canvas-double-click", (event) => { if (this.active) event.preventDefaultAction = true; });
  }

  begin(what) {
    if (this.active) { this.cancel(); return; }
    this.active = what;
    this.points = [];
    byId("crosshair").hidden = false;
    byId("viewer").classList.add("drawing");
    byId("viewer").focus({ preventScroll: true });
    this.session.fire("drawing");
    tell(what === "fiber"
      ? "Draw around the fiber; or with keys: arrows move, Space sets a corner, Enter closes, Escape ends."
      : "Click the cell; or move it under the cross with the arrows and press Space. Escape ends.");
  }

  cancel() {
    this.active = null;
    this.points = [];
    byId("crosshair").hidden = true;
    byId("viewer").classList.remove("drawing");
    this.session.fire("drawing");
    this.overlay.draw();
  }

  add({ x, y }) {
    const view = this.viewer.view();
    const last = this.points.at(-1);
    if (last && this.held) {
      const [lastX, lastY] = view.place(...last);
      if (Math.hypot(x - lastX, y - lastY) < LEAST_STEP_PX) return;
    }
    this.points.push(view.um(x, y));
    this.overlay.draw();
  }

  // A key while drawing; whether it was used.
  key(name) {
    const view = this.viewer.view();
    if (name === " ") {
      this.add({ x: view.width / 2, y: view.height / 2 });
      if (this.active === "cell") this.finish();
    } else if (name === "Enter") this.finish();
    else if (name === "Backspace") { this.points.pop(); this.overlay.draw(); }
    else if (name === "Escape") this.cancel();
    else return false;
    return true;
  }

  async finish() {
    const isFiber = this.active === "fiber";
    if (this.points.length < (isFiber ? 3 : 1)) { tell("An outline needs three corners at least."); return; }
    const shape = isFiber ? { outline_um: thinned(this.points).flat() } : { point_um: this.points.at(-1) };
    const kinds = isFiber ? this.session.about.classes.fibers : this.session.about.classes.cells;
    const chosen = await choose(isFiber ? "What is this fiber?" : "What is this cell?", kinds, !isFiber);
    if (chosen) {
      try {
        await this.session.correct("draw", null, { finding_class: chosen, ...shape });
        tell("Drawn and saved.");
      } catch (problem) {
        tell(problem.message, "problem");
      }
    }
    this.cancel();
  }

  draw(context, view) {
    if (!this.active || !this.points.length) return;
    context.beginPath();
    for (const point of this.points) context.lineTo(...view.place(...point));
    if (this.points.length === 1) { const [x, y] = view.place(...this.points[0]); context.arc(x, y, 4, 0, 7); }
    context.strokeStyle = "#ffffff"; context.lineWidth = 5; context.stroke();
    context.strokeStyle = "#0072b2"; context.lineWidth = 2.5; context.stroke();
  }
}

function thinned(points) {
  const step = Math.ceil(points.length / 900);
  return points.filter((_, index) => index % step === 0).map(([x, y]) => [Math.max(0, x), Math.max(0, y)]);
}

// A class, by number or by mouse; null when the dialog is left.
export function choose(question, kinds, isCell) {
  const dialog = byId("choose");
  return new Promise((resolve) => {
    let chosen = null;
    const take = (name) => { chosen = name; dialog.close(); };
    const onKey = (event) => {
      const kind = kinds[Number(event.key) - 1];
      if (kind) { event.preventDefault(); take(kind.name); }
    };
    dialog.replaceChildren(el("h2", { id: "choose-title" }, question),
      el("ul", { class: "plain" }, kinds.map((kind, index) => el("li", {},
        el("button", { type: "button", onclick: () => take(kind.name) },
          el("kbd", {}, String(index + 1)), swatch(kind, isCell), kind.label)))),
      el("p", { class: "quiet" }, "Escape leaves it."));
    dialog.addEventListener("keydown", onKey);
    dialog.addEventListener("close", () => {
      dialog.removeEventListener("keydown", onKey);
      byId("viewer").focus({ preventScroll: true });
      resolve(chosen);
    }, { once: true });
    dialog.showModal();
  });
}
