// A tile of outlines as histo/review/outline_levels.py packs it: typed arrays over the bytes, nothing copied.

const MAGIC = 0x31564f48;

export function unpack(buffer) {
  const [magic, fibers, vertices, cells] = new Uint32Array(buffer, 0, 4);
  if (magic !== MAGIC) throw new Error("not a tile of outlines");
  let at = 16;
  const take = (Kind, count) => {
    const part = new Kind(buffer, at, count);
    at += count * Kind.BYTES_PER_ELEMENT;
    return part;
  };
  return {
    fiber: take(Uint32Array, fibers), start: take(Uint32Array, fibers + 1), cell: take(Uint32Array, cells),
    center: take(Int16Array, 2 * fibers), vertex: take(Int16Array, 2 * vertices), cellCenter: take(Int16Array, 2 * cells),
    fiberClass: take(Uint8Array, fibers), fiberP: take(Uint8Array, fibers),
    cellClass: take(Uint8Array, cells), cellP: take(Uint8Array, cells),
  };
}

export const PARTS_OF_A_PIXEL = 8;
