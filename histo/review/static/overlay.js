// Findings over the slide. A worker draws tiles of outlines into bitmaps; each frame only lays bitmaps side by side, so
// that the slide moves as smoothly with 60,000 outlines as with none.
import { drawLive } from "./overlay_live.js";

const MOST_BITMAPS = 110;
const MOST_ASKED = 3;
const SIDE_PX = 512;
const FINER_LEVELS = 3;
const COARSEST_LEVEL = 9;
const SEARCH_UP = 2;

export class Overlay {
  constructor(viewer, session) {
    this.viewer = viewer;
    this.session = session;
    this.bitmaps = new Map();
    this.asked = new Map();
    this.version = 0;
    this.extra = () => {};
    this.canvas = document.createElement("canvas");
    this.canvas.className = "overlay";
    this.canvas.setAttribute("aria-hidden", "true");
    viewer.element.append(this.canvas);
    this.worker = new Worker(new URL("./overlay_worker.js", import.meta.url), { type: "module" });
    this.worker.onmessage = ({ data }) => this.arrived(data);
    viewer.onMove(() => this.draw());
  }

  // Another slide, another phase.
  reset() {
    for (const held of this.bitmaps.values()) held.bitmap?.close();
    this.bitmaps.clear();
    this.asked.clear();
    this.restyle();
  }

  // Filters or corrections have changed: old bitmaps are shown until new ones are there.
  restyle() {
    this.version += 1;
    const { classes } = this.session.about;
    const filter = this.session.filter;
    const style = (kind, names) => ({ ...kind, shown: names.has(kind.name) });
    const codes = Object.fromEntries([...classes.fibers, ...classes.cells].map((kind) => [kind.name, kind.code]));
    const verdicts = {};
    for (const one of this.session.corrections?.corrections ?? []) {
      if (!one.target.startsWith("drawn-")) verdicts[one.target] = { act: one.act, code: codes[one.payload.finding_class] };
    }
    this.worker.postMessage({ look: {
      fibers: classes.fibers.map((kind) => style(kind, filter.fibers)),
      cells: classes.cells.map((kind) => style(kind, filter.cells)),
      intact: classes.intact, ink: classes.ink, least: filter.least, review: filter.review, verdicts,
    } });
    this.draw();
  }

  arrived({ key, version, bitmap, failed }) {
    this.asked.delete(key);
    const old = this.bitmaps.get(key);
    if (!failed) {
      old?.bitmap?.close();
      this.bitmaps.delete(key);
      this.bitmaps.set(key, { bitmap, version });
    } else if (!old) {
      this.bitmaps.set(key, { bitmap: null, version });
    }
    while (this.bitmaps.size > MOST_BITMAPS) {
      const [first, held] = this.bitmaps.entries().next().value;
      held.bitmap?.close();
      this.bitmaps.delete(first);
    }
    this.draw();
  }

  draw() {
    const view = this.viewer.view();
    if (!view) return;
    const { canvas } = this;
    const width = Math.round(view.width * view.ratio), height = Math.round(view.height * view.ratio);
    if (canvas.width !== width || canvas.height !== height) { canvas.width = width; canvas.height = height; }
    const context = canvas.getContext("2d");
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, width, height);
    if (this.session.unsealed && this.session.filter.overlay) this.drawTiles(context, view);
    context.setTransform(view.ratio, 0, 0, view.ratio, 0, 0);
    drawLive(context, view, this.session);
    this.extra(context, view);
  }

  drawTiles(context, view) {
    const { slide } = this.session;
    const wanted = slide.top_level + Math.round(Math.log2(view.pxPerImagePx * view.ratio));
    const level = Math.max(COARSEST_LEVEL, Math.min(slide.top_level + FINER_LEVELS, wanted));
    const span = SIDE_PX * 2 ** (slide.top_level - level);
    const size = span * view.pxPerImagePx * view.ratio;
    const [left, top] = [view.left * view.ratio, view.top * view.ratio];
    const missing = [];
    const first = (offset) => Math.max(0, Math.floor(-offset / size));
    const last = (offset, room, length) => Math.min(Math.ceil(length / span) - 1, Math.floor((room - offset) / size));
    for (let row = first(top); row <= last(top, this.canvas.height, slide.height_px); row += 1) {
      for (let column = first(left); column <= last(left, this.canvas.width, slide.width_px); column += 1) {
        const key = `${slide.id}/${level}/${column}/${row}`;
        const held = this.bitmaps.get(key);
        const place = [left + column * size, top + row * size, size];
        if (held) { this.bitmaps.delete(key); this.bitmaps.set(key, held); paint(context, held.bitmap, place); }
        else this.paintCoarser(context, slide, level, column, row, place);
        if (!held || held.version !== this.version) missing.push({ key, level, tail: `${level}/${column}/${row}`, far: !held ? 0 : 1 });
      }
    }
    missing.sort((a, b) => a.far - b.far);
    this.ask(missing);
  }

  // Until a tile is there, the part of a coarser one that covers it.
  paintCoarser(context, slide, level, column, row, [x, y, size]) {
    for (let up = 1; up <= SEARCH_UP; up += 1) {
      const shrink = 2 ** up;
      const held = this.bitmaps.get(`${slide.id}/${level - up}/${Math.floor(column / shrink)}/${Math.floor(row / shrink)}`);
      if (!held) continue;
      const part = SIDE_PX / shrink;
      if (held.bitmap) context.drawImage(held.bitmap, (column % shrink) * part, (row % shrink) * part, part, part, x, y, size, size);
      return;
    }
  }

  ask(missing) {
    const { slide } = this.session;
    for (const { key, level, tail } of missing) {
      if (this.asked.size >= MOST_ASKED) return;
      if (this.asked.get(key) === this.version) continue;
      this.asked.set(key, this.version);
      this.worker.postMessage({ key, version: this.version, side: SIDE_PX, url: `/api/slides/${slide.id}/outlines/${tail}`,
        umPerPx: slide.um_per_px * 2 ** (slide.top_level - level) });
    }
  }
}

function paint(context, bitmap, [x, y, size]) {
  if (!bitmap) return;
  const left = Math.round(x), top = Math.round(y); // on whole pixels, so that no seam shows between tiles
  context.drawImage(bitmap, left, top, Math.round(x + size) - left, Math.round(y + size) - top);
}
