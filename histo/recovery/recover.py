"""Implants of every kind into one slide, read by the network, counted, and judged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from histo.detection import detect
from histo.errors import SlideError
from histo.findings import Findings
from histo.geometry import WORKING_MPP, Region
from histo.network import Bundle, Engine
from histo.pattern import Conventions, RecoveryVerdict
from histo.recovery.choose import CORE_WPX, Pass, Site, healthy_fibers, plan
from histo.recovery.compare import compare
from histo.recovery.implant import draw_implant
from histo.recovery.kinds import CELL_KINDS, CONTROL, FIBER_KINDS, ImplantKind
from histo.recovery.measure import SlideLook, measure_look, region_around
from histo.recovery.overlay import ImplantedSlide
from histo.recovery.results import Example, Outcome, Recovered, Recovery, SlideLookFacts
from histo.recovery.weigh import judge, weigh_control, weigh_kind
from histo.slide import SlideReader
from histo.tiling import Tile, TileGrid, lay_tiles
from histo.tissue import TissueMap

EXAMPLES = 4
"""Pictures kept of each kind: the first ones implanted, whatever became of them."""
_PICTURE_WPX = 192
_PICTURE_MARGIN_UM = 18.0
_NO_PIXEL = np.uint8(176)

Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class _Trial:
    """What all passes have in common."""

    reader: SlideReader
    tissue: TissueMap
    bundle: Bundle
    engine: Engine
    findings: Findings
    look: SlideLook
    seed: int

    def read(self, reader: SlideReader, grid: TileGrid) -> Findings:
        """What the network finds in some windows."""
        return detect(reader, self.tissue, self.bundle, self.engine, grid=grid)


PER_KIND = 30
"""Implants of each kind: with all four stages of necrosis 120, whose share is known to 9 points or better."""

SEED = 1


def recover_implants(
    reader: SlideReader,
    tissue: TissueMap,
    findings: Findings,
    bundle: Bundle,
    engine: Engine,
    conventions: Conventions,
    *,
    per_kind: int = PER_KIND,
    seed: int = SEED,
    progress: Progress | None = None,
) -> tuple[Recovery, tuple[Example, ...]]:
    """Draw implants into a slide's own healthy tissue and count those that the network calls.

    Args:
        reader: An H&E slide; it is only read.
        tissue: Where it can be assessed.
        findings: What was found on it.
        bundle: The weights in question.
        engine: Runs them.
        conventions: From which share on implants are seen, and at which scale cells are.
        per_kind: Implants of each kind.
        seed: Chooses places and draws implants.
        progress: Told the working pixels read again, and those in all.

    Returns:
        Counts with a verdict, and pictures of the first implants of each kind.

    Raises:
        SlideError: If the slide holds too few healthy fibers.
    """
    info = reader.info
    healthy = healthy_fibers(findings.fibers)
    needed = conventions.recovery.min_healthy_fibers
    rng = np.random.default_rng(seed)
    look = measure_look(reader, findings, healthy, rng) if len(healthy) >= max(needed, 1) else None
    if look is None:
        problem = f"{len(healthy)} healthy fibers were found, and {needed} are needed to draw implants in"
        raise SlideError(info.name, problem, "recovery needs transversely cut muscle at the right scale")
    cells = info.scale.mpp.um_per_px <= conventions.adequacy.max_um_per_px
    kinds = (*FIBER_KINDS, *(CELL_KINDS if cells else ()), CONTROL)
    card = bundle.card
    grid = lay_tiles(info.working_size_wpx, tissue, core_wpx=CORE_WPX, halo_wpx=card.halo_wpx)
    passes = plan(findings, grid, dict.fromkeys(kinds, per_kind), rng)
    trial = _Trial(reader, tissue, bundle, engine, findings, look, seed)
    recovered, examples = _run(trial, grid, passes, progress)
    of = {kind: [one for one in recovered if one.kind is kind] for kind in kinds}
    necrotic = weigh_kind("necrotic", [one for kind in FIBER_KINDS for one in of[kind]])
    inflammatory = weigh_kind("inflammatory", [one for kind in CELL_KINDS for one in of[kind]]) if cells else None
    by_kind = tuple(weigh_kind(kind.value, of[kind]) for kind in kinds if kind is not CONTROL)
    control = weigh_control(recovered)
    recovery = Recovery(
        slide=info.name,
        slide_sha256=info.sha256,
        model_sha256=bundle.sha256,
        conventions=conventions.name,
        seed=seed,
        asked_per_kind=per_kind,
        healthy_fibers=len(healthy),
        kinds=by_kind,
        necrotic=necrotic,
        inflammatory=inflammatory,
        control=control,
        look=_facts(look),
        verdict=judge(by_kind, necrotic, inflammatory, control, conventions.recovery),
        implants=tuple(recovered),
    )
    return recovery, examples


def try_implants(
    reader: SlideReader,
    tissue: TissueMap,
    findings: Findings,
    bundle: Bundle,
    engine: Engine,
    conventions: Conventions,
    progress: Progress | None = None,
) -> tuple[RecoveryVerdict, tuple[Recovery, tuple[Example, ...]] | None]:
    """What implants say of a slide that is being read; arguments as of `recover_implants`.

    Returns:
        The verdict, and what it rests on; the verdict alone where there is no healthy tissue to draw into.
    """
    try:
        recovery, examples = recover_implants(reader, tissue, findings, bundle, engine, conventions, progress=progress)
    except SlideError as error:
        sentence = f"Whether necrosis would be seen cannot be told: {error.problem}."
        return RecoveryVerdict("cannot tell", "not assessed", refuse=False, sentences=(sentence,)), None
    return recovery.verdict, (recovery, examples)


def _facts(look: SlideLook) -> SlideLookFacts:
    return SlideLookFacts(
        stain_source=look.stain.source,
        hematoxylin=look.stain.hematoxylin,
        eosin=look.stain.eosin,
        eosin_level=look.eosin_level,
        nucleus_level=look.nucleus_level,
        nucleus_size=look.nucleus_size,
        blur_um=WORKING_MPP.to_um(look.blur_wpx),
        noise=look.noise,
        nuclei=look.nuclei,
    )


def _run(
    trial: _Trial, grid: TileGrid, passes: Sequence[Pass], progress: Progress | None
) -> tuple[list[Recovered], tuple[Example, ...]]:
    """Read the windows without implants once, and with those of every pass."""
    windows = {tile for one in passes for tile in one.tiles}
    area_wpx = grid.tiles[0].core_wpx.area if grid.tiles else 0
    total = area_wpx * (len(windows) + sum(len(one.tiles) for one in passes))
    done = area_wpx * len(windows)
    if not windows:
        return [], ()
    before = trial.read(trial.reader, _only(grid, windows))
    recovered: list[Recovered] = []
    examples: list[Example] = []
    shown: Counter[ImplantKind] = Counter()
    for one in passes:
        if progress is not None:
            progress(done, total)
        done += area_wpx * len(one.tiles)
        found, pictures = _run_pass(trial, _only(grid, set(one.tiles)), one.sites, before, shown)
        recovered.extend(found)
        examples.extend(pictures)
    if progress is not None:
        progress(total, total)
    return recovered, tuple(examples)


def _run_pass(
    trial: _Trial, grid: TileGrid, planned: Sequence[Site], before: Findings, shown: Counter[ImplantKind]
) -> tuple[tuple[Recovered, ...], list[Example]]:
    drawn = [
        (site, *made)
        for site in planned
        if (made := draw_implant(trial.reader, trial.findings, site, trial.look, trial.seed)) is not None
    ]
    if not drawn:
        return (), []
    sites, patches, shapes = zip(*drawn, strict=True)
    implanted = ImplantedSlide(trial.reader, patches)
    after = trial.read(implanted, grid)
    recovered = compare(sites, shapes, before, after)
    examples = []
    for one, shape in zip(recovered, shapes, strict=True):
        if one.outcome is Outcome.BEFORE or shown[one.kind] >= EXAMPLES:
            continue
        shown[one.kind] += 1
        examples.append(_picture(one, shape, trial.reader, implanted, after))
    return recovered, examples


def _picture(
    one: Recovered, shape: shapely.Geometry, reader: SlideReader, implanted: SlideReader, after: Findings
) -> Example:
    around = region_around(shape, _PICTURE_MARGIN_UM)
    side = max(_PICTURE_WPX, around.width, around.height)
    left, top = around.x + (around.width - side) // 2, around.y + (around.height - side) // 2
    region = Region(left, top, side, side)
    low, high = WORKING_MPP.to_um(np.array([[left, top], [left + side, top + side]], np.float64))
    fibers, cells = after.fibers, after.cells
    return Example(
        recovered=one,
        region_wpx=region,
        before=_shown(reader, region),
        after=_shown(implanted, region),
        outline_um=shapely.get_coordinates(shape),
        fibers=fibers.select(np.all((fibers.center_um >= low) & (fibers.center_um < high), axis=1)),
        cells=cells.select(np.all((cells.center_um >= low) & (cells.center_um < high), axis=1)),
    )


def _shown(reader: SlideReader, region: Region) -> NDArray[np.uint8]:
    """Pixels of a region; gray where there are none."""
    pixels = reader.read(region, WORKING_MPP)
    return np.where(pixels.valid[..., None], pixels.rgb, _NO_PIXEL)


def _only(grid: TileGrid, windows: Collection[Tile]) -> TileGrid:
    """The grid with these tiles alone, in its order."""
    return TileGrid(
        tuple(tile for tile in grid.tiles if tile in windows), grid.slide_wpx, grid.read_size_wpx, grid.halo_wpx
    )
