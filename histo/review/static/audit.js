// The page of an audit: puts the parts together, flies to each item, and listens to the keys.
import { get } from "./api.js";
import { Frame } from "./audit_frame.js";
import { AuditPanel, FIBER_KEYS, FIELD_KEYS, MARK_KEYS } from "./audit_panel.js";
import { AuditSession } from "./audit_session.js";
import { byId, tell } from "./dom.js";
import { Viewer } from "./viewer.js";

const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const FIBER_VIEW_UM = 260;
const FIELD_MARGIN = 1.25;
const TYPING = "input, textarea, select";

const about = await get("/api/about");
const session = new AuditSession(location.pathname.split("/").at(-2));
const viewer = new Viewer(byId("viewer"), { line: byId("scale-line"), text: byId("scale-text"), zoom: byId("zoom") });
const frame = new Frame(viewer);
const page = { session, viewer, frame, place };
const panel = new AuditPanel(byId("panel"), session, page);
globalThis.histo = page; // for the console, and for tests

let shown = null;

async function place() {
  const { item } = session;
  if (!item) return;
  const slide = session.found.slides.find((one) => one.id === item.slide);
  byId("banner").hidden = slide.state === "ready";
  byId("banner").textContent = slide.sentence;
  const key = `${slide.id} ${slide.state}`;
  if (shown !== key) { shown = key; await viewer.open(slide); }
  const field = item.kind === "field";
  byId("crosshair").hidden = !field;
  const { x: roomX, y: roomY } = viewer.osd.viewport.getContainerSize();
  const most = field ? session.side * FIELD_MARGIN : FIBER_VIEW_UM;
  const middle = field ? session.side / 2 : 0;
  viewer.flyTo([item.x_um + middle, item.y_um + middle], most * Math.max(1, roomX / roomY));
}

session.addEventListener("item", () => {
  frame.show(session.item, session.marks, session.side);
  place().catch((problem) => tell(problem.message, "problem"));
});
session.addEventListener("marks", () => frame.show(session.item, session.marks, session.side));

function mark(kind, at) {
  if (!session.mark(kind, at)) tell("Marks lie inside the frame.", "problem");
}

viewer.osd.addHandler("canvas-click", (event) => {
  if (!event.quick || session.item?.kind !== "field") return;
  mark(panel.kind, viewer.view().um(event.position.x, event.position.y));
});

function act(key) {
  const { item } = session;
  const acts = { "+": () => viewer.zoom(1.5), "=": () => viewer.zoom(1.5), "-": () => viewer.zoom(1 / 1.5), c: place,
    b: () => session.go(session.at - 1), n: () => session.go(session.at + 1), v: () => byId("viewer").focus() };
  if (item?.kind === "fiber") for (const [name, verdict] of FIBER_KEYS) acts[name] = () => session.answer(verdict);
  if (item?.kind === "field") {
    for (const [name, verdict] of FIELD_KEYS) acts[name] = () => session.answer(verdict);
    for (const [name, kind] of MARK_KEYS) acts[name] = () => { panel.kind = kind; mark(kind, center()); };
    acts.u = () => session.unmark();
  }
  return Object.hasOwn(acts, key) ? acts[key] : null;
}

function center() {
  const view = viewer.view();
  return view.um(view.width / 2, view.height / 2);
}

document.addEventListener("keydown", (event) => {
  if (event.target.matches(TYPING)) {
    if (event.key === "Escape") byId("viewer").focus();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat && !(event.key in MOVES)) return;
  // On a button or a link Enter is theirs.
  if (event.key === "Enter" && event.target.matches("button, a")) return;
  if (event.key in MOVES) { viewer.pan(...MOVES[event.key]); event.preventDefault(); return; }
  const chosen = act(event.key);
  if (!chosen) return;
  event.preventDefault();
  Promise.resolve(chosen()).catch((problem) => tell(problem.message, "problem"));
});

globalThis.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  tell(event.reason?.message ?? "Something went wrong.", "problem");
});

async function waitForSlides() {
  if (document.hidden || session.found.slides.every((slide) => slide.state !== "checking")) return;
  session.found = await get(`/api/cases/${session.caseId}`);
  await place();
}

byId("notice").textContent = about.notice;
byId("reader").textContent = `Reader: ${about.reader}`;
byId("back").href = `/cases/${session.caseId}`;
await session.load();
document.title = `Audit of ${session.found.name} - histo review`;
byId("name").textContent = `Audit of ${session.found.name}`;
setInterval(() => waitForSlides().catch(() => {}), 1000);
setInterval(() => { if (!document.hidden) session.poll().catch(() => {}); }, 2000);
globalThis.addEventListener("focus", () => session.poll().catch(() => {}));
byId("viewer").focus({ preventScroll: true });
document.body.dataset.ready = "yes";
