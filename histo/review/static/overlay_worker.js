// Draws tiles of outlines into bitmaps, off the page's thread: moving the slide then only moves bitmaps.
import { PARTS_OF_A_PIXEL, unpack } from "./outline_tile.js";
import { CELL_MARKS, addMark, drawVerdict } from "./marks.js";

const MOST_KEPT = 240;
const LEAST_TAGGED_PX = 26; // of a fiber: a smaller one is drawn as its mark alone, at its center
const FAR_UM_PER_PX = 3; // from here on intact fibers recede, so that the others can be seen
const kept = new Map();
let look = null;

self.onmessage = async ({ data }) => {
  if (data.look) { look = data.look; return; }
  const { key, url, umPerPx, version } = data;
  try {
    const tile = await fetched(url);
    const bitmap = tile.fiber.length + tile.cell.length ? draw(tile, umPerPx, data.side) : null;
    self.postMessage({ key, version, bitmap }, bitmap ? [bitmap] : []);
  } catch {
    self.postMessage({ key, version, failed: true });
  }
};

async function fetched(url) {
  const known = kept.get(url);
  if (known) { kept.delete(url); kept.set(url, known); return known; }
  const response = await fetch(url, { credentials: "same-origin" });
  if (!response.ok) throw new Error(String(response.status));
  const tile = unpack(await response.arrayBuffer());
  kept.set(url, tile);
  if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value);
  return tile;
}

function draw(tile, umPerPx, side) {
  const canvas = new OffscreenCanvas(side, side);
  const context = canvas.getContext("2d");
  context.lineJoin = "round";
  // From afar the cells of one fiber run together: its mark must stay in sight.
  if (umPerPx > FAR_UM_PER_PX) { drawCells(context, tile, umPerPx); drawFibers(context, tile, umPerPx); }
  else { drawFibers(context, tile, umPerPx); drawCells(context, tile, umPerPx); }
  return canvas.transferToImageBitmap();
}

function drawFibers(context, tile, umPerPx) {
  const afar = umPerPx > FAR_UM_PER_PX;
  const groups = look.fibers.map(() => ({ rings: new Path2D(), marks: new Path2D(), count: 0 }));
  const rejected = new Path2D();
  const verdicts = [];
  const hasRings = tile.vertex.length > 0;
  for (let row = 0; row < tile.fiber.length; row += 1) {
    const verdict = look.verdicts[`fiber-${tile.fiber[row]}`];
    const kind = verdict?.code ?? tile.fiberClass[row];
    if (!shown(look.fibers[kind], tile.fiberP[row], verdict)) continue;
    const group = groups[kind];
    const [x, y] = [tile.center[2 * row] / PARTS_OF_A_PIXEL, tile.center[2 * row + 1] / PARTS_OF_A_PIXEL];
    const ring = hasRings ? addRing(verdict?.act === "reject" ? rejected : group.rings, tile, row) : null;
    const small = ring === null || ring.width < LEAST_TAGGED_PX;
    const [markX, markY] = small ? [x, y] : [ring.topX, ring.topY];
    group.count += 1;
    if (kind !== look.intact && verdict?.act !== "reject") addMark(group.marks, look.fibers[kind].mark, markX, markY, afar ? 3.6 : small ? 5 : 4.5);
    else if (!hasRings && kind === look.intact) group.marks.rect(x - 0.6, y - 0.6, 1.2, 1.2);
    if (verdict) verdicts.push([verdict.act, markX, markY - 13]);
  }
  groups.forEach((group, kind) => {
    if (!group.count) return;
    const style = look.fibers[kind];
    if (kind === look.intact) {
      if (!afar) stroke(context, group.rings, "rgba(255,255,255,.55)", 2.4);
      stroke(context, group.rings, afar ? "rgba(60,60,70,.45)" : "rgba(60,60,70,.9)", afar ? 0.7 : 1);
      context.fillStyle = "rgba(60,60,70,.4)";
      context.fill(group.marks);
      return;
    }
    stroke(context, group.rings, look.ink, 4.4);
    stroke(context, group.rings, style.color, 2.4, style.dashed ? [7, 5] : []);
    stroke(context, group.marks, look.ink, afar ? 2 : 3);
    context.fillStyle = style.color;
    context.fill(group.marks);
  });
  stroke(context, rejected, "rgba(255,255,255,.8)", 2.6);
  stroke(context, rejected, look.ink, 1.2, [2, 4]);
  for (const [act, x, y] of verdicts) drawVerdict(context, act, x, y, 7, look.ink);
}

function addRing(path, tile, row) {
  let low = Infinity, high = -Infinity, topX = 0, topY = Infinity;
  const from = tile.start[row], to = tile.start[row + 1];
  for (let at = from; at < to; at += 1) {
    const x = tile.vertex[2 * at] / PARTS_OF_A_PIXEL, y = tile.vertex[2 * at + 1] / PARTS_OF_A_PIXEL;
    if (at === from) path.moveTo(x, y); else path.lineTo(x, y);
    if (x < low) low = x;
    if (x > high) high = x;
    if (y < topY) { topY = y; topX = x; }
  }
  path.closePath();
  return { width: high - low, topX, topY };
}

function drawCells(context, tile, umPerPx) {
  const r = Math.max(1.6, Math.min(5, 2.6 / umPerPx));
  const groups = look.cells.map(() => new Path2D());
  const crossed = [];
  for (let row = 0; row < tile.cell.length; row += 1) {
    const verdict = look.verdicts[`cell-${tile.cell[row]}`];
    const kind = verdict?.code ?? tile.cellClass[row];
    if (!shown(look.cells[kind], tile.cellP[row], verdict)) continue;
    const x = tile.cellCenter[2 * row] / PARTS_OF_A_PIXEL, y = tile.cellCenter[2 * row + 1] / PARTS_OF_A_PIXEL;
    addMark(groups[kind], CELL_MARKS[kind], x, y, r);
    if (verdict) crossed.push([verdict.act, x + r + 6, y]);
  }
  groups.forEach((path, kind) => {
    stroke(context, path, kind === 0 ? "#ffffff" : look.ink, r > 2.5 ? 2.4 : 1.2);
    context.fillStyle = look.cells[kind].color;
    context.fill(path);
  });
  for (const [act, x, y] of crossed) drawVerdict(context, act, x, y, 6, look.ink);
}

function shown(style, probability255, verdict) {
  if (look.review === "open" && verdict) return false;
  if (look.review === "done" && !verdict) return false;
  return style.shown && probability255 >= look.least * 255 - 0.5;
}

function stroke(context, path, color, width, dash = []) {
  context.setLineDash(dash);
  context.strokeStyle = color;
  context.lineWidth = width;
  context.stroke(path);
}
