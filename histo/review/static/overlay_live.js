// What is drawn anew in each frame, for it is little: the selected finding, and what the reader drew.
import { drawVerdict } from "./marks.js";

function trace(context, view, flatUm) {
  context.beginPath();
  for (let at = 0; at < flatUm.length; at += 2) context.lineTo(...view.place(flatUm[at], flatUm[at + 1]));
  context.closePath();
}

function twice(context, dark, light, wide, thin, dash = []) {
  context.setLineDash([]);
  context.strokeStyle = dark; context.lineWidth = wide; context.stroke();
  context.setLineDash(dash);
  context.strokeStyle = light; context.lineWidth = thin; context.stroke();
  context.setLineDash([]);
}

export function drawLive(context, view, session) {
  const { classes } = session.about;
  const kinds = Object.fromEntries([...classes.fibers, ...classes.cells].map((kind) => [kind.name, kind]));
  for (const one of session.corrections?.corrections ?? []) {
    if (!one.drawn || !session.filter.overlay) continue;
    const name = one.payload.finding_class ?? one.drawn.finding_class;
    drawOwn(context, view, one, kinds[name], classes.ink);
    if (session.selected === one.target) halo(context, view, one.drawn.outline_um, one.drawn.point_um);
  }
  const { facts } = session;
  if (facts) halo(context, view, facts.outline_um, facts.center_um);
}

function drawOwn(context, view, one, kind, ink) {
  const { outline_um: outline, point_um: point } = one.drawn;
  if (outline) {
    trace(context, view, outline);
    twice(context, ink, one.act === "reject" ? "#ffffff" : kind.color, 5, 2.6, one.act === "reject" ? [2, 4] : [10, 3, 2, 3]);
  } else {
    const [x, y] = view.place(...point);
    context.beginPath();
    context.arc(x, y, 6, 0, 7);
    twice(context, ink, kind.color, 4, 2);
  }
  if (one.act !== "draw") drawVerdict(context, one.act, ...view.place(...(point ?? outline)), 7, ink);
}

// Around what is selected: white and blue, wider than any outline.
function halo(context, view, outline, center) {
  if (outline) trace(context, view, outline);
  else {
    const [x, y] = view.place(...center);
    context.beginPath();
    context.arc(x, y, Math.max(11, 8 * view.pxPerUm), 0, 7);
  }
  twice(context, "#ffffff", "#0072b2", 7, 3.4);
}
