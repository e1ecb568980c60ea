// The page of one case: puts the parts together.
import { get } from "./api.js";
import { byId, el, tell } from "./dom.js";
import { Drawing } from "./drawing.js";
import { listenToKeys } from "./keys.js";
import { Overlay } from "./overlay.js";
import { Panel } from "./panel.js";
import { Session } from "./session.js";
import { Strip } from "./strip.js";
import { showTools } from "./tools.js";
import { Viewer } from "./viewer.js";

const about = await get("/api/about");
const session = new Session(about, location.pathname.split("/").at(-1));
await session.load();
document.title = `${session.found.name} - histo review`;
byId("name").textContent = session.found.name;
byId("notice").textContent = about.notice;
byId("reader").textContent = `Reader: ${about.reader}`;
byId("audit").href = `/cases/${session.caseId}/audit`;

const viewer = new Viewer(byId("viewer"), { line: byId("scale-line"), text: byId("scale-text"), zoom: byId("zoom") });
const overlay = new Overlay(viewer, session);
const strip = new Strip(byId("strip"), session, viewer);
const drawing = new Drawing(viewer, overlay, session);
const panel = new Panel(byId("panel"), session, viewer, strip);
const page = { session, viewer, overlay, strip, drawing, panel };
globalThis.histo = page; // for the console, and for measuring
showTools(byId("tools"), page);
listenToKeys(page);

function showSlides() {
  byId("slides").replaceChildren(...(session.found.slides.length > 1 ? session.found.slides.map((slide) =>
    el("button", { type: "button", "aria-pressed": String(slide.id === session.slide?.id), onclick: () => session.show(slide.id) },
      slide.name)) : []));
}

let opened = null;

session.addEventListener("slide", () => { strip.loaded = openSlide(); });

async function openSlide() {
  const { slide } = session;
  showSlides();
  byId("banner").hidden = slide.state === "ready";
  byId("banner").textContent = slide.sentence;
  overlay.reset();
  const key = `${slide.id} ${slide.state}`;
  if (opened !== key) {
    opened = key;
    const pixels = slide.state === "ready" ? viewer.firstTile() : null;
    await viewer.open(slide);
    await pixels; // the list of findings of a large slide keeps the server busy for a while
  }
  await strip.load();
}
session.addEventListener("corrections", () => { overlay.restyle(); strip.mark(); });
for (const name of ["selected", "facts"]) session.addEventListener(name, () => overlay.draw());
session.addEventListener("filter", () => { overlay.restyle(); strip.render(); });
session.addEventListener("seals", () => { overlay.reset(); strip.load(); });

viewer.osd.addHandler("canvas-click", async (event) => {
  if (!event.quick || drawing.active || !session.unsealed) return;
  const view = viewer.view();
  const [x, y] = view.um(event.position.x, event.position.y);
  const own = session.corrections?.corrections.find((one) => one.drawn && hit(one.drawn, x, y));
  if (own) { await session.select(own.target); return; }
  const found = await get(`/api/slides/${session.slide.id}/at?x_um=${x}&y_um=${y}&all_nuclei=true`);
  const seen = found.find((one) => (one.target.startsWith("fiber") ? session.filter.fibers : session.filter.cells).has(one.finding_class));
  if (seen) session.fire("looking");
  await session.select(seen?.target ?? null);
});

function hit({ outline_um: outline, point_um: point }, x, y) {
  if (point) return Math.hypot(point[0] - x, point[1] - y) < 6;
  let inside = false;
  for (let i = 0, j = outline.length - 2; i < outline.length; j = i, i += 2) {
    const [xi, yi, xj, yj] = [outline[i], outline[i + 1], outline[j], outline[j + 1]];
    if ((yi > y) !== (yj > y) && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
  }
  return inside;
}

globalThis.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  tell(event.reason?.message ?? "Something went wrong.", "problem");
});

await session.show(location.hash.slice(1));
panel.render();
setInterval(() => { if (!document.hidden) session.poll().catch(() => {}); }, 2000);
globalThis.addEventListener("focus", () => session.poll().catch(() => {}));
byId("viewer").focus({ preventScroll: true });
document.body.dataset.ready = "yes";
