"""Nothing of a slide file gets into a report but what the allow-list names: no patient, no user, no label."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import openslide
import pytest
from example_case import draw_coarsely, listen
from example_findings import example_findings
from example_model import save_random_bundle
from example_private import LABEL_RGB, SECRETS, write_dicom_slide, write_svs_like
from PIL import Image

import histo.biopsy
from histo.biopsy import read_biopsy
from histo.findings import Findings
from histo.model import Model, load_model

SIDE_UM = 600.0


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return load_model(save_random_bundle(tmp_path_factory.mktemp("model") / "bundle"), device="cpu", threads=1)


@pytest.mark.parametrize(
    ("write", "name"), [(write_dicom_slide, "slide.dcm"), (write_svs_like, "slide.svs")], ids=["dicom", "svs"]
)
def test_no_secret_of_the_slide_file_gets_out(
    tmp_path: Path, model: Model, monkeypatch: pytest.MonkeyPatch, write: Callable[[Path, float], Path], name: str
) -> None:
    slide = write(tmp_path / name, SIDE_UM)
    with openslide.OpenSlide(slide) as opened:
        told = " ".join(opened.properties.values())
        assert any(secret in told for secret in SECRETS), "the file holds nothing to hide: this would prove nothing"
        assert name.endswith("dcm") or "label" in opened.associated_images

    def detect(*_: object) -> Findings:
        return example_findings(60, 40, side_um=SIDE_UM)

    monkeypatch.setattr(histo.biopsy, "detect", detect)
    draw_coarsely(monkeypatch)
    heard = listen(monkeypatch)
    read_biopsy(slide, out=tmp_path / "out", model=model)
    folder = tmp_path / "out" / "slide"
    printed = " ".join(heard)
    for secret in SECRETS:
        assert secret not in printed
        for path in folder.iterdir():
            assert secret.encode() not in path.read_bytes(), f"{secret} in {path.name}"
    page = (folder / "report.html").read_text(encoding="utf-8")
    pictures = re.findall(r"data:image/(?:png|jpeg);base64,([\w+/=]+)", page)
    assert len(pictures) > 5
    for encoded in pictures:
        with Image.open(io.BytesIO(base64.b64decode(encoded))) as picture:
            assert not {"exif", "comment", "Software", "Author"} & set(picture.info)
            away = np.abs(np.asarray(picture.convert("RGB"), np.int16) - LABEL_RGB).max(axis=-1)
        assert (away < 40).mean() < 0.01
