// The slide, by OpenSeadragon, in micrometers.

const LEAST_LEVEL = 9;
const NICE = [1, 2, 5];
const SCALE_LINE_PX = 130;
const MICROSCOPE = 10; // an objective of x10 shows about 1 um per pixel

// OpenSeadragon would add a style sheet that takes the focus ring from touch screens, which the policy forbids and we do
// not want; it does not where it finds one of this mark.
function keepFocusRing() {
  const mark = document.createElementNS(null, "style"); // the name alone, no style sheet
  mark.setAttribute("data-openseadragon-mobile-css", "not wanted");
  document.head.append(mark);
}

export class Viewer {
  constructor(element, parts) {
    keepFocusRing();
    this.element = element;
    this.parts = parts;
    this.slide = null;
    this.listeners = [];
    this.osd = globalThis.OpenSeadragon({
      element, showNavigationControl: false, showNavigator: false, drawer: "canvas", animationTime: 0.35,
      springStiffness: 9, maxZoomPixelRatio: 4, minZoomImageRatio: 0.7, visibilityRatio: 0.3, imageLoaderLimit: 6,
      gestureSettingsMouse: { clickToZoom: false, dblClickToZoom: true }, zoomPerScroll: 1.25,
      placeholderFillStyle: "#eceef1",
    });
    this.osd.addHandler("canvas-key", (event) => { event.preventDefaultAction = true; });
    for (const name of ["update-viewport", "open"]) this.osd.addHandler(name, () => this.moved());
  }

  onMove(listener) { this.listeners.push(listener); }

  open(slide) {
    const { width_px: width, height_px: height, tile_px: tile, top_level: top } = slide;
    const again = this.slide?.id === slide.id ? this.osd.viewport.getBounds() : null;
    this.slide = slide;
    return new Promise((resolve) => {
      this.osd.addOnceHandler("open", () => {
        if (again) this.osd.viewport.fitBounds(again, true);
        resolve();
      });
      this.osd.open({
        width, height, tileSize: tile, tileOverlap: 0, minLevel: Math.min(LEAST_LEVEL, top), maxLevel: top,
        tileExists: () => slide.state === "ready",
        getTileUrl: (level, x, y) => `/api/slides/${slide.id}/tiles/${level}/${x}/${y}?v=${slide.version}`,
      });
    });
  }

  // Resolves with the first pixels, or when waiting for them has been long enough.
  firstTile(mostMs = 1500) {
    return new Promise((resolve) => {
      this.osd.addOnceHandler("tile-loaded", resolve);
      setTimeout(resolve, mostMs);
    });
  }

  // Where the slide lies on the screen, in CSS pixels; null before one is open.
  view() {
    const { viewport, world } = this.osd;
    if (!viewport || !this.slide || !world.getItemCount()) return null;
    const room = viewport.getContainerSize();
    const pxPerImagePx = viewport.getZoom(true) * room.x / this.slide.width_px;
    const origin = viewport.pixelFromPoint(new globalThis.OpenSeadragon.Point(0, 0), true);
    const pxPerUm = pxPerImagePx / this.slide.um_per_px;
    return {
      width: room.x, height: room.y, left: origin.x, top: origin.y, pxPerImagePx, pxPerUm,
      ratio: globalThis.devicePixelRatio || 1,
      place: (xUm, yUm) => [origin.x + xUm * pxPerUm, origin.y + yUm * pxPerUm],
      um: (x, y) => [(x - origin.x) / pxPerUm, (y - origin.y) / pxPerUm],
    };
  }

  flyTo([xUm, yUm], widthUm = 260) {
    const slideUm = this.slide.width_px * this.slide.um_per_px;
    const { x: roomX, y: roomY } = this.osd.viewport.getContainerSize();
    const width = widthUm / slideUm;
    const height = width * roomY / roomX;
    const target = new globalThis.OpenSeadragon.Rect(xUm / slideUm - width / 2, yUm / slideUm - height / 2, width, height);
    this.osd.viewport.fitBounds(target, globalThis.matchMedia("(prefers-reduced-motion: reduce)").matches);
  }

  home() { this.osd.viewport.goHome(); }

  zoom(factor) { this.osd.viewport.zoomBy(factor); this.osd.viewport.applyConstraints(); }

  pan(dx, dy) {
    const step = 0.15 / this.osd.viewport.getZoom();
    this.osd.viewport.panBy(new globalThis.OpenSeadragon.Point(dx * step, dy * step));
    this.osd.viewport.applyConstraints();
  }

  moved() {
    const view = this.view();
    if (!view) return;
    this.showScale(view);
    for (const listener of this.listeners) listener(view);
  }

  showScale(view) {
    if (view.pxPerUm === this.shownScale) return; // while panning it stays as it is
    this.shownScale = view.pxPerUm;
    const most = SCALE_LINE_PX / view.pxPerUm;
    const decade = 10 ** Math.floor(Math.log10(most));
    const um = decade * Math.max(...NICE.filter((nice) => nice * decade <= most));
    // Set through the object model, which the policy against inline styles allows.
    this.parts.line.style.width = `${um * view.pxPerUm}px`;
    this.parts.text.textContent = um >= 1000 ? `${um / 1000} mm` : `${um} µm`;
    const perPx = 1 / view.pxPerUm;
    const objective = MICROSCOPE / perPx;
    this.parts.zoom.textContent =
      `about ×${objective < 10 ? objective.toFixed(1) : objective.toFixed(0)}, ${perPx.toPrecision(2)} µm per pixel`;
  }
}
