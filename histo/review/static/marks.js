// Marks that tell classes apart without color: the shapes of the report's figures, drawn at a point.

const SHAPES = {
  "^": (path, x, y, r) => { path.moveTo(x, y - r); path.lineTo(x + r, y + r * 0.8); path.lineTo(x - r, y + r * 0.8); path.closePath(); },
  o: (path, x, y, r) => { path.moveTo(x + r, y); path.arc(x, y, r, 0, 7); },
  s: (path, x, y, r) => { path.rect(x - r * 0.85, y - r * 0.85, r * 1.7, r * 1.7); },
  D: (path, x, y, r) => { path.moveTo(x, y - r * 1.2); path.lineTo(x + r * 1.2, y); path.lineTo(x, y + r * 1.2); path.lineTo(x - r * 1.2, y); path.closePath(); },
  ".": (path, x, y, r) => { path.moveTo(x + r * 0.5, y); path.arc(x, y, r * 0.5, 0, 7); },
};

export const CELL_MARKS = ["o", "D", ".", "."];

export function addMark(path, mark, x, y, r) { (SHAPES[mark] ?? SHAPES.o)(path, x, y, r); }

// What the reader did with a finding: a disc with a check, a cross, or an arrow.
export function drawVerdict(context, act, x, y, r, ink) {
  context.setLineDash([]);
  context.beginPath();
  context.arc(x, y, r, 0, 7);
  context.fillStyle = "#fff";
  context.fill();
  context.strokeStyle = ink;
  context.lineWidth = r / 4;
  context.stroke();
  context.beginPath();
  const d = r * 0.5;
  if (act === "accept") { context.moveTo(x - d, y); context.lineTo(x - d * 0.2, y + d * 0.8); context.lineTo(x + d, y - d * 0.7); }
  else if (act === "reject") { context.moveTo(x - d, y - d); context.lineTo(x + d, y + d); context.moveTo(x + d, y - d); context.lineTo(x - d, y + d); }
  else { context.moveTo(x - d, y); context.lineTo(x + d, y); context.moveTo(x + d * 0.3, y - d * 0.7); context.lineTo(x + d, y); context.lineTo(x + d * 0.3, y + d * 0.7); }
  context.stroke();
}

// A small picture of a class for legends and lists.
export function swatch(kind, isCell) {
  const side = 18, ratio = globalThis.devicePixelRatio || 1;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = side * ratio;
  canvas.className = "swatch";
  canvas.setAttribute("aria-hidden", "true");
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  const path = new Path2D();
  addMark(path, isCell ? CELL_MARKS[kind.code] : kind.mark === "." ? "o" : kind.mark, side / 2, side / 2, isCell ? 4.5 : 6);
  context.lineWidth = 4;
  context.strokeStyle = "#222222";
  context.stroke(path);
  context.lineWidth = 2;
  context.strokeStyle = kind.color;
  if (isCell) { context.fillStyle = kind.color; context.fill(path); }
  if (kind.dashed) context.setLineDash([3, 2]);
  context.stroke(path);
  return canvas;
}
