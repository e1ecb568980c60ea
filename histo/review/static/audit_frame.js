// What is drawn over the slide in an audit: where to look, and the reader's own marks. Nothing of the machine's.
import { byId } from "./dom.js";

export const LETTERS = { lymphocyte: "L", macrophage: "M", necrotic_pale: "P", necrotic_hyaline: "H", myophagocytosis: "F" };
const GAP_UM = 55; // ticks begin beyond any ordinary fiber, so that they say nothing of its outline
const TICK_PX = 26;
const BLUE = "#005a8c";

export class Frame {
  constructor(viewer) {
    this.viewer = viewer;
    this.canvas = byId("frame");
    this.item = null;
    this.marks = [];
    viewer.onMove(() => this.draw());
  }

  show(item, marks, side) {
    Object.assign(this, { item, marks, side });
    this.draw();
  }

  draw() {
    const view = this.viewer.view();
    if (!view) return;
    const { canvas } = this;
    const [width, height] = [Math.round(view.width * view.ratio), Math.round(view.height * view.ratio)];
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    const context = canvas.getContext("2d");
    context.setTransform(view.ratio, 0, 0, view.ratio, 0, 0);
    context.clearRect(0, 0, view.width, view.height);
    if (!this.item) return;
    for (const [color, extra] of [["#ffffff", 3], [BLUE, 0]]) {
      context.strokeStyle = color;
      context.lineWidth = 2 + extra;
      context.beginPath();
      if (this.item.kind === "fiber") this.ticks(context, view);
      else this.box(context, view);
      context.stroke();
    }
    for (const mark of this.marks) label(context, view.place(mark.x_um, mark.y_um), LETTERS[mark.kind]);
  }

  ticks(context, view) {
    const [x, y] = view.place(this.item.x_um, this.item.y_um);
    const gap = GAP_UM * view.pxPerUm;
    for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
      context.moveTo(x + dx * gap, y + dy * gap);
      context.lineTo(x + dx * (gap + TICK_PX), y + dy * (gap + TICK_PX));
    }
  }

  box(context, view) {
    const [x, y] = view.place(this.item.x_um, this.item.y_um);
    context.rect(x, y, this.side * view.pxPerUm, this.side * view.pxPerUm);
  }
}

function label(context, [x, y], letter) {
  context.beginPath();
  context.arc(x, y, 10, 0, 2 * Math.PI);
  context.strokeStyle = "#ffffff";
  context.lineWidth = 4;
  context.stroke();
  context.strokeStyle = BLUE;
  context.lineWidth = 2;
  context.stroke();
  context.font = "700 12px system-ui, sans-serif";
  context.lineWidth = 3;
  context.strokeStyle = "#ffffff";
  context.strokeText(letter, x + 12, y - 6);
  context.fillStyle = BLUE;
  context.fillText(letter, x + 12, y - 6);
}
