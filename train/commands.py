"""The harness's command line."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from histo.cohort import Split
from histo.phantom.ablation import Group
from train import lab_commands, pattern_command, realism_command, study_commands
from train.guard import GuardedCommands
from train.seeds import take_seeds

application = typer.Typer(
    name="python -m train",
    cls=GuardedCommands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@application.callback()
def harness(debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False) -> None:
    """From slides and drawings, or from phantoms, to the weights of a bundle and their figures."""


application.command()(lab_commands.prepare)
application.command()(lab_commands.simulate_lab)
application.command()(lab_commands.measure_errors)
application.command()(realism_command.realism)
application.command()(study_commands.error_model)
application.command()(pattern_command.pattern)
application.command()(study_commands.sample_biopsies)
application.command()(study_commands.study)

_FORWARD = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


@application.command(context_settings=_FORWARD)
def fit(context: typer.Context) -> None:
    """Train as a recipe says: --config train/configs/NAME.yaml, and any field by name; --help lists them."""
    from train.fit import fit as train_by_recipe

    train_by_recipe(context.args)


@application.command(context_settings=_FORWARD)
def bench(context: typer.Context) -> None:
    """Measure what bounds a recipe's training: making crops, or learning from them; arguments as of `fit`."""
    from train.bench import measure_training

    speed = measure_training(context.args, seconds=10.0)
    typer.echo(f"crops    {speed.loader_mpx_per_s:8.3f} Mpx/s made by {speed.workers} workers")
    typer.echo(f"network  {speed.network_mpx_per_s:8.3f} Mpx/s forward, backward and optimizer ({speed.setting})")
    typer.echo(f"limit    {speed.limit_mpx_per_s:8.3f} Mpx/s: {speed.verdict}")


@application.command()
def show(
    fields: Annotated[Path, typer.Option(help="A folder of fields.")] = Path("runs/fields/train"),
    out: Annotated[Path, typer.Option(help="The picture, a PNG.")] = Path("runs/crops.png"),
    count: Annotated[int, typer.Option(min=1, help="How many crops.")] = 16,
    crop: Annotated[int, typer.Option(min=32, help="Width and height of a crop, a multiple of 16.")] = 320,
    seed: Annotated[int, typer.Option(help="Of the crops: a training with this seed sees these first.")] = 1,
) -> None:
    """Draw crops as the network sees them, each with its outlines, its targets and its compartments."""
    from train.show import show_crops

    show_crops(fields, out, count, crop, seed)
    typer.echo(f"{out}: {count} crops of {fields}")


@application.command()
def render(
    count: Annotated[int, typer.Option(min=1, help="How many fields.")],
    split: Annotated[Split, typer.Option(help="What they are for.")] = Split.TRAIN,
    size: Annotated[int, typer.Option(min=32, help="Width and height in working pixels of 0.5 um.")] = 512,
    first: Annotated[int, typer.Option("--seed", min=0, help="Begin with this seed of the split.")] = 0,
    out: Annotated[Path, typer.Option(help="Holds a folder for each split.")] = Path("runs/fields"),
    processes: Annotated[int, typer.Option(min=0, help="Drawn in this many processes; 0 is this one.")] = 2,
    without: Annotated[Group | None, typer.Option(help="Leave out a group of features, for an ablation.")] = None,
) -> None:
    """Draw phantom fields; those that are there already, and were drawn by the same code, are kept."""
    from histo.phantom import make_field
    from train.render import phantom_fingerprint, render_fields

    seeds = take_seeds(split, count, first)
    renderer = partial(make_field, left_out=without)
    drawn = render_fields(out / split, seeds, size, renderer, phantom_fingerprint(size, without), processes)
    typer.echo(f"{out / split}: {drawn} fields drawn, {count - drawn} were there")


@application.command()
def ablate(
    real: Annotated[Path, typer.Option(help="Folder of real data.")],
    only: Annotated[
        list[str] | None, typer.Option(help="`nothing`, or a group to leave out; can be given again. All if left out.")
    ] = None,
    recipe: Annotated[Path, typer.Option(help="Trained by, in one process.")] = Path("train/configs/phantom.yaml"),
    fields: Annotated[int, typer.Option(min=1, help="Fields that each training learns from.")] = 600,
    steps: Annotated[int, typer.Option(min=1, help="Of each training.")] = 1600,
    out: Annotated[Path, typer.Option(help="Holds a folder for each training, kept when called again.")] = Path(
        "runs/ablations"
    ),
    processes: Annotated[int, typer.Option(min=0, help="Fields are drawn in this many processes; 0: this one.")] = 1,
) -> None:
    """Train without each group of the simulator's features, and set what that does to the real figures in a table."""
    from histo.errors import UsageError
    from histo.records.atomic import write_atomically
    from train.ablate import NOTHING, measure_without, table
    from train.real_evaluation import check_real_folder

    names = [NOTHING, *Group]
    if unknown := sorted(set(only or ()) - set(names)):
        raise UsageError("ablate", f"there is no group {', '.join(unknown)}", f"choose from {', '.join(names)}")
    check_real_folder(real)
    for name in only or names:
        measure_without(name, recipe, fields, steps, real, out / name, processes)
    done = [name for name in names if (out / name / "figures.json").exists()]
    text = table({name: measure_without(name, recipe, fields, steps, real, out / name, processes) for name in done})
    write_atomically(out / "table.md", f"{text}\n".encode())
    typer.echo(text)


@application.command()
def export(
    checkpoint: Annotated[Path, typer.Option(help="Of a training.")] = Path("runs/phantom/final.ckpt"),
    recipe: Annotated[Path, typer.Option(help="That the training was made by.")] = Path("train/configs/phantom.yaml"),
    out: Annotated[Path, typer.Option(help="The bundle's folder.")] = Path("runs/bundle"),
    name: Annotated[str, typer.Option(help="The bundle's name.")] = "phantom",
    version: Annotated[str, typer.Option(help="The bundle's version.")] = "1",
    simulated: Annotated[bool, typer.Option(help="Whether slides that fields were cut from show phantoms.")] = False,
    terms: Annotated[str, typer.Option("--license", help="Of the weights, as the card tells it.")] = "Apache-2.0",
) -> None:
    """Make a bundle of a checkpoint; its card has no figures before `calibrate` and `evaluate`."""
    from train.export import export_bundle

    bundle = export_bundle(checkpoint, recipe, out, name, version, simulated, terms)
    typer.echo(f"{out}: bundle {bundle.sha256[:12]}, read back and checked")


@application.command()
def blend(
    earlier: Annotated[Path, typer.Option(help="The bundle that the last sitting began with.")],
    later: Annotated[Path, typer.Option(help="The bundle that came of it.")],
    share: Annotated[float, typer.Option(min=0, max=1, help="Of the later weights.")] = 0.5,
    fields: Annotated[Path, typer.Option(help="Holds the folder of training fields.")] = Path("runs/fields"),
    out: Annotated[Path, typer.Option(help="The bundle's folder.")] = Path("runs/blended"),
    name: Annotated[str, typer.Option(help="The bundle's name.")] = "phantom",
    version: Annotated[str, typer.Option(help="The bundle's version.")] = "1",
) -> None:
    """Make a bundle whose weights lie between those of two sittings; then `calibrate` and `evaluate` it."""
    from train.blend import blend_bundles

    bundle = blend_bundles(earlier, later, share, fields, out, name, version)
    typer.echo(f"{out}: bundle {bundle.sha256[:12]}")


@application.command()
def calibrate(
    bundle: Annotated[Path, typer.Option(help="Its card gets the temperatures and thresholds.")] = Path("runs/bundle"),
    fields: Annotated[Path, typer.Option(help="Validation fields.")] = Path("runs/fields/validation"),
    healthy: Annotated[int, typer.Option(help="Normal phantom sections on which false cells are counted.")] = 48,
    sections: Annotated[int, typer.Option(help="Ordinary phantom sections that outlines are chosen on, too.")] = 9,
    outlines: Annotated[
        bool, typer.Option(help="Choose how outlines are cut; not on a laboratory's few validation fields.")
    ] = True,
    false_cells_per_mm2: Annotated[
        float, typer.Option(help="False inflammatory cells, both kinds together, that healthy sections may show.")
    ] = 1.0,
    looked: Annotated[
        int, typer.Option(min=0, help="Ordinary phantom sections that the second look at necrosis is learned from.")
    ] = 90,
) -> None:
    """Choose temperatures and operating points on validation fields, and write them into the bundle's card."""
    from dataclasses import replace

    from histo.findings import INFLAMMATORY_CLASSES
    from histo.network import load_bundle, make_engine, save_bundle
    from histo.network.operating import ADDED
    from train.calibrate import choose_points

    loaded = load_bundle(bundle)
    engine, start = make_engine(loaded), loaded.card.operating_points
    seeds = take_seeds(Split.VALIDATION, healthy) if healthy else ()
    ordinary = take_seeds(Split.VALIDATION, sections, first=healthy) if sections else ()
    again = take_seeds(Split.VALIDATION, looked, first=healthy + sections) if looked else ()
    chosen = choose_points(engine, start, fields, seeds, ordinary, outlines, false_cells_per_mm2, again)
    typer.echo(f"{'necrotic_look':30s} {' '.join(f'{weight:g}' for weight in chosen.points.necrotic_look)}")
    for name in sorted(ADDED - {"necrotic_look"}):
        typer.echo(f"{name:30s} {getattr(chosen.points, name):g}")
    for choice in chosen.choices:
        tried = "  ".join(f"{value:g}: {f1:.3f}" for value, f1 in choice.f1.items()) or "never occurs, kept"
        typer.echo(f"{choice.name:30s} {choice.value:g}    {tried}")
    if chosen.false_necrotic_per_1000:
        necrotic, rate = list(chosen.false_necrotic_per_1000.items())[-1]
        steps = len(chosen.false_necrotic_per_1000)
        typer.echo(f"necrotic {necrotic:<21g} of {steps} tried: {rate:.2f} false necroses per 1,000 when healthy")
    if chosen.false_cells_per_mm2:
        cells, rate = list(chosen.false_cells_per_mm2.items())[-1]
        thresholds = "  ".join(f"{kind.name.lower()} {cells[kind]:g}" for kind in INFLAMMATORY_CLASSES)
        pairs = len(chosen.false_cells_per_mm2)
        typer.echo(f"{thresholds:30s} of {pairs} tried: {rate:.2f} false inflammatory cells per mm2 when healthy")
    if chosen.points == start:
        return
    # What was measured with other thresholds says nothing about these.
    card = replace(loaded.card, operating_points=chosen.points, phantom_metrics={}, real_metrics={})
    save_bundle(bundle, loaded.weights, card)


@application.command()
def distribution(
    bundle: Annotated[Path, typer.Option(help="Its folder gets distribution.json.")] = Path("runs/bundle"),
    fields: Annotated[Path, typer.Option(help="Phantom fields that it was not trained on.")] = Path(
        "runs/fields/validation"
    ),
) -> None:
    """Fit what slides the network is familiar with, so that a reading refuses those that it is not."""
    from histo.network import load_bundle, make_engine
    from train.distribution import write_distribution

    loaded = load_bundle(bundle)
    written, fitted = write_distribution(loaded, make_engine(loaded), fields)
    reach = ", ".join(f"{group} {reach.distance:.2f}" for group, reach in fitted.reach.items())
    typer.echo(f"{written}: {fitted.name}; 95 of 100 lie within {reach} standard deviations")


@application.command()
def evaluate(
    bundle: Annotated[Path, typer.Option(help="What to measure.")] = Path("runs/bundle"),
    fields: Annotated[Path, typer.Option(help="Test fields, of phantoms or cut from slides.")] = Path(
        "runs/fields/test"
    ),
    simulated: Annotated[
        bool, typer.Option(help="The slides that the fields were cut from are phantoms; the card then says so.")
    ] = False,
    real: Annotated[Path | None, typer.Option(help="Folder of real data, muscle and other; read too if given.")] = None,
    phantoms: Annotated[bool, typer.Option(help="Whether to measure on fields and on phantom sections.")] = True,
    normal: Annotated[
        int, typer.Option(min=0, help="Normal phantom sections, drawn and read whole, for false necrotic fibers.")
    ] = 100,
    healthy: Annotated[int, typer.Option(min=0, help="Views of normal sections, for false inflammatory cells.")] = 60,
    sections: Annotated[int, typer.Option(min=0, help="Phantom sections of all patterns, read as they come.")] = 63,
    infiltrated: Annotated[
        int, typer.Option(min=0, help="Phantom views of healthy fibers amid dense infiltrate.")
    ] = 18,
    unfamiliar: Annotated[
        int, typer.Option(min=0, help="Slides of each family that is no H&E muscle at its scale, made of phantoms.")
    ] = 0,
    familiar: Annotated[
        int, typer.Option(min=0, help="Phantom sections of all patterns, for false alarms about a slide's appearance.")
    ] = 0,
    processes: Annotated[int, typer.Option(min=0, help="Read normal sections in so many; 0 is this one.")] = 2,
    out: Annotated[Path, typer.Option(help="The figures, as JSON; a page with pictures is written beside.")] = Path(
        "runs/evaluation.json"
    ),
    card: Annotated[bool, typer.Option(help="Whether to write the figures into the bundle's card.")] = False,
) -> None:
    """Measure a bundle on fields that nothing was fitted to or chosen on, and on real fields."""
    from histo.errors import UsageError
    from histo.network import load_bundle, make_engine
    from histo.records.atomic import make_folder
    from train.evaluation_file import show, show_floors
    from train.evaluation_run import PhantomCounts, card_with, measure, read_normal, write_evaluation
    from train.origins import counted_fields
    from train.real_evaluation import check_real_folder

    if real is not None:
        check_real_folder(real)
    elif not phantoms:
        raise UsageError("evaluate", "has nothing to measure", "give --real, or leave out --no-phantoms")
    loaded = load_bundle(bundle)
    make_folder(out.parent)
    engine = make_engine(loaded)
    if not phantoms:
        normal = healthy = sections = infiltrated = unfamiliar = familiar = 0
    counts = PhantomCounts(healthy, sections, infiltrated, unfamiliar, familiar)
    if phantoms:
        counted_fields(fields)  # a missing folder is told before sections are read
    whole = read_normal(loaded, normal, out.with_name(f"{out.stem}-normal"), processes) if normal else ()
    measured = measure(loaded, engine, fields if phantoms else None, simulated, counts, real, whole)
    for title, metrics in measured.by_title().items():
        show(title, metrics)
    if measured.standings:
        show_floors(measured.standings)
    written = write_evaluation(measured, loaded, out)
    if card:
        from histo.network import save_bundle

        save_bundle(bundle, loaded.weights, card_with(measured, loaded.card))
    typer.echo(f"{', '.join(map(str, written))}: figures written" + (", and into the card" if card else ""))
