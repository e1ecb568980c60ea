from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import safetensors.torch
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from network_fields import SMALL_CHANNELS, small_card

from histo.errors import BundleError, OutputError
from histo.findings import FiberClass
from histo.network.bundle import CARD_FILE, DEFAULT_BUNDLE, WEIGHTS_FILE, load_bundle, save_bundle
from histo.network.card import Card, Metric
from histo.network.card_file import card_from_json, card_to_json
from histo.network.model import MuscleNet
from histo.network.operating import OperatingPoints

CARD_REMEDY = "use a bundle that this version of histo wrote, or export it again"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    save_bundle(tmp_path / "bundle", MuscleNet(SMALL_CHANNELS).state_dict(), small_card())
    return tmp_path / "bundle"


unit = st.floats(0.01, 0.99)


@settings(deadline=None, max_examples=30)
@given(
    st.builds(
        OperatingPoints,
        foreground=unit,
        seed_height=unit,
        necrotic=unit,
        minimum_area_um2=st.floats(0.1, 1e4),
        cells=st.tuples(*[unit] * 4),
        attributes=st.tuples(*[unit] * 6),
    ),
    st.text(min_size=1).filter(lambda text: bool(text.strip())),
    st.dictionaries(st.text(), st.builds(Metric, unit, st.just(0.0), st.just(1.0), st.integers(1, 10**6))),
)
def test_a_card_comes_back_from_its_file_as_it_was(points: OperatingPoints, text: str, metrics: dict) -> None:
    card = replace(small_card(), operating_points=points, intended_use=text, real_metrics=metrics)
    again = card_from_json(card_to_json(card), Path(CARD_FILE))
    assert again == card
    assert card_to_json(again) == card_to_json(card)


def test_a_bundle_comes_back_as_it_was_saved(folder: Path) -> None:
    bundle = load_bundle(folder)
    torch.manual_seed(0)
    expected = MuscleNet(SMALL_CHANNELS).state_dict()
    assert bundle.weights.keys() == expected.keys()
    assert all(torch.equal(bundle.network().state_dict()[name], expected[name]) for name in expected)
    assert replace(bundle.card, weights_sha256="") == small_card()
    assert not bundle.network().training
    assert len(bundle.sha256) == 64


def test_a_card_from_before_there_was_a_choice_of_encoders_means_the_compact_one(folder: Path) -> None:
    expected = load_bundle(folder).card
    for entry in ("encoder", "training_slides", "training_patients", "salt"):
        rewritten(lambda card, entry=entry: card.pop(entry))(folder)
    assert load_bundle(folder).card == expected
    assert load_bundle(folder).network().encoder == "compact"


def test_a_bundle_with_a_resnet_comes_back(tmp_path: Path) -> None:
    torch.manual_seed(1)
    network = MuscleNet(encoder="resnet18").eval()
    card = replace(small_card(), encoder="resnet18", channels=network.channels, halo_wpx=160)
    again = save_bundle(tmp_path / "bundle", network.state_dict(), card).network()
    rgb = torch.arange(3 * 32 * 32).remainder(251).to(torch.uint8).view(1, 3, 32, 32)
    with torch.no_grad():
        assert torch.equal(again(rgb), network(rgb))


def test_a_card_with_one_limit_for_all_classes_means_it_for_each(folder: Path) -> None:
    card = json.loads((folder / "card.json").read_text())
    card["operating_points"]["merge_boundary"] = 0.3
    (folder / "card.json").write_text(json.dumps(card))
    assert load_bundle(folder).card.operating_points.merge_boundary == (0.3,) * len(FiberClass)


def test_saving_again_replaces_the_bundle_and_leaves_nothing_behind(folder: Path) -> None:
    before = load_bundle(folder)
    after = save_bundle(folder, before.weights, replace(before.card, version="2"))
    assert after.card.version == "2"
    assert after.card.weights_sha256 == before.card.weights_sha256
    assert after.sha256 != before.sha256
    assert sorted(path.name for path in folder.parent.iterdir()) == [folder.name]
    assert sorted(path.name for path in folder.iterdir()) == [CARD_FILE, WEIGHTS_FILE]


def test_weights_that_do_not_fit_are_not_saved(folder: Path) -> None:
    with pytest.raises(BundleError, match="the weights do not fit the network of the card"):
        save_bundle(folder, MuscleNet((8, 8, 8, 16)).state_dict(), small_card())
    assert load_bundle(folder).card.channels == SMALL_CHANNELS
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_a_folder_of_something_else_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("three years of work")
    with pytest.raises(OutputError) as caught:
        save_bundle(tmp_path, {}, small_card())
    assert str(caught.value) == f"{tmp_path}: exists and is not a bundle; give another folder"


def rewritten(change: Callable[[dict], object]) -> Callable[[Path], object]:
    def damage(folder: Path) -> None:
        content = json.loads((folder / CARD_FILE).read_text())
        change(content)
        (folder / CARD_FILE).write_text(json.dumps(content))

    return damage


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda card: card.pop("name"), "has no entry name"),
        (lambda card: card.update(surprise=1), "has an unknown entry surprise"),
        (lambda card: card.update(schema=2), "has schema 2, this version reads 1"),
        (lambda card: card.update(mpp=0.25), "mpp must be 0.5, not 0.25"),
        (lambda card: card.update(name=7), "name must be text, not 7"),
        (lambda card: card.update(halo_wpx=64), "halo_wpx must be at least 128, not 64"),
        (lambda card: card.update(encoder="vgg"), "encoder must be one of compact, resnet18, resnet34, not vgg"),
        (
            lambda card: card.update(encoder="resnet18"),
            "channels of resnet18 must be (64, 64, 128, 256), not (4, 8, 8, 16)",
        ),
        (
            lambda card: card.update(encoder="resnet18", channels=[64, 64, 128, 256]),
            "halo_wpx must be at least 160, not 128",
        ),
        (lambda card: card.update(halo_wpx=128.0), "halo_wpx must be a whole number, not 128.0"),
        (lambda card: card.update(tile_core_wpx=1000), "tile_core_wpx must be a multiple of 16, not 1000"),
        (lambda card: card.update(limits=[]), "limits must not be empty"),
        (
            lambda card: card["operating_points"].update(necrotic=2),
            "operating_points: necrotic must be between 0 and 1, not 2.0",
        ),
        (lambda card: card["operating_points"].update(more=2), "has an unknown entry operating_points.more"),
        (lambda card: card["training"].update(seeds=[1.5]), "training.seeds must be a whole number, not 1.5"),
        (lambda card: card["metrics"]["phantom"]["f1"].update(n=0), "metrics.phantom.f1: n must be at least 1, not 0"),
        (
            lambda card: card["metrics"]["phantom"]["f1"].update(low=0.99),
            "metrics.phantom.f1: the interval 0.99 to 0.95 does not hold the value 0.9",
        ),
        (lambda card: card["metrics"].pop("real"), "has no entry metrics.real"),
    ],
)
def test_a_card_with_a_wrong_entry_says_which(folder: Path, change: Callable[[dict], object], problem: str) -> None:
    rewritten(change)(folder)
    with pytest.raises(BundleError) as caught:
        load_bundle(folder)
    assert str(caught.value) == f"{folder / CARD_FILE}: {problem}; {CARD_REMEDY}"


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        (CARD_FILE, None, r"card\.json: cannot be read \(No such file or directory\); give a folder that holds"),
        (CARD_FILE, b"{", r"card\.json: is not valid JSON"),
        (CARD_FILE, b'{"mpp": NaN}', r"card\.json: is not valid JSON \(NaN is not a number\)"),
        (CARD_FILE, b"[" * 100_000, r"card\.json: is not valid JSON"),
        (CARD_FILE, b"[]", r"card\.json: must hold a JSON object"),
        (CARD_FILE, b"\xff\xfe", r"card\.json: is not UTF-8 text"),
        (WEIGHTS_FILE, None, r"weights\.safetensors: cannot be read"),
        (WEIGHTS_FILE, b"pickle", r"weights\.safetensors: has sha256 [0-9a-f]{12}\.\.\., the card expects"),
    ],
)
def test_a_damaged_file_is_named(folder: Path, file: str, content: bytes | None, message: str) -> None:
    (folder / file).unlink()
    if content is not None:
        (folder / file).write_bytes(content)
    with pytest.raises(BundleError, match=message):
        load_bundle(folder)


def with_weights(folder: Path, content: bytes) -> None:
    (folder / WEIGHTS_FILE).write_bytes(content)
    rewritten(lambda card: card.update(weights_sha256=hashlib.sha256(content).hexdigest()))(folder)


def test_weights_that_are_no_safetensors_are_refused_even_with_the_right_digest(folder: Path) -> None:
    with_weights(folder, b"\x80\x04not a tensor")
    with pytest.raises(BundleError, match=r"weights\.safetensors: is not a safetensors file"):
        load_bundle(folder)


def test_weights_that_are_not_finite_are_refused(folder: Path) -> None:
    state = dict(load_bundle(folder).weights)
    state["head.bias"] = torch.full_like(state["head.bias"], torch.nan)
    with_weights(folder, safetensors.torch.save(state))
    with pytest.raises(BundleError, match=r"head\.bias holds numbers that are not finite; train again"):
        load_bundle(folder)


def test_a_missing_bundle_says_how_to_get_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BundleError, match=r"nothing: is not a folder; give a folder that holds card\.json and weights"):
        load_bundle(tmp_path / "nothing")
    monkeypatch.setattr("histo.network.bundle.DEFAULT_BUNDLE", tmp_path / "default_bundle")
    with pytest.raises(BundleError, match="the default bundle is not there; train and export it with"):
        load_bundle()


@pytest.mark.skipif(not DEFAULT_BUNDLE.is_dir(), reason="no default bundle has been trained yet")
def test_the_default_bundle_ships_small_and_speaks_of_its_limits() -> None:
    bundle = load_bundle()
    assert sum(path.stat().st_size for path in DEFAULT_BUNDLE.iterdir()) <= 15e6
    assert "research" in bundle.card.intended_use.lower()
    assert bundle.card.phantom_metrics
    assert bundle.network().channels == bundle.card.channels


def test_a_card_of_another_network_form_is_refused() -> None:
    with pytest.raises(ValueError, match="channels must be 4 positive numbers"):
        replace(small_card(), channels=(8, 8, 0, 8))
    with pytest.raises(ValueError, match="name must not be empty"):
        replace(small_card(), name=" ")
    assert isinstance(small_card(), Card)


def test_what_speaks_of_its_findings_stays_until_these_can_change(folder: Path) -> None:
    (folder / "pattern.json").write_text("{}", encoding="utf-8")
    loaded = load_bundle(folder)
    save_bundle(folder, loaded.weights, replace(loaded.card, phantom_metrics={"a": Metric(1.0, None, None, 3)}))
    assert (folder / "pattern.json").read_text(encoding="utf-8") == "{}"
    save_bundle(folder, loaded.weights, replace(loaded.card, operating_points=OperatingPoints(foreground=0.123)))
    assert not (folder / "pattern.json").exists()
