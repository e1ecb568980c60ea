"""What is to be done: slides of a folder or a manifest, and every fault of these in one line before any is read."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pytest
from example_cohort import settings

from histo.clinical import ClinicalFacts
from histo.cohort.folder import slides_in
from histo.cohort.plan import Plan, plan_cohort
from histo.cohort.pool import Pool, share_out, usable_bytes, usable_cores
from histo.cohort.settings import digest_of, folder_digest
from histo.errors import ManifestError, UsageError

TIFF = b"II*\0" + bytes(600)
DICOM = bytes(128) + b"DICM" + bytes(400)
MIRAX = b"\xff\xd8\xff\xe0" + bytes(600)


def png(px_per_m: int | None) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
    scale = b"" if px_per_m is None else chunk(b"pHYs", struct.pack(">IIB", px_per_m, px_per_m, 1))
    return head + scale + chunk(b"IDAT", zlib.compress(bytes(4))) + chunk(b"IEND", b"")


def make(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def plan(source: Path, out: Path, digest: str = "settings", mpp: float | None = None) -> Plan:
    return plan_cohort(source, out, settings(digest), mpp)


def test_every_slide_of_a_folder_is_found_and_nothing_that_belongs_to_one(tmp_path: Path) -> None:
    folder = make(
        tmp_path / "slides",
        {
            "a.svs": TIFF,
            "deep/er/b.ndpi": TIFF,
            "unnamed": TIFF,
            "m.mrxs": MIRAX,
            "m/Slidedat.ini": b"[GENERAL]",
            "m/Data0000.dat": bytes(10),
            "dicom/1.dcm": DICOM,
            "dicom/2.dcm": DICOM,
            "dicom/thumbnail.jpg": MIRAX,
            "v.vms": b"[Virtual Microscope Specimen]\nImageFile=v-0.jpg\nMapFile=v_map.jpg\n",
            "v-0.jpg": MIRAX,
            "v_map.jpg": MIRAX,
            "o.vsi": TIFF,
            "_o_/stack1/frame_t.ets": bytes(10),
            "scaled.png": png(2_000_000),
            "screen.png": png(2835),
            "label.png": png(None),
            "notes.txt": b"text",
            "download.svs": b"<!doctype html>",
            ".hidden.svs": TIFF,
            ".hidden/x.svs": TIFF,
            "out/B1/overview.tif": TIFF,
        },
    )
    found, others = slides_in(folder, folder / "out", None)
    names = [path.relative_to(folder).as_posix() for path in found]
    assert names == [
        "a.svs",
        "deep/er/b.ndpi",
        "dicom",
        "download.svs",
        "m.mrxs",
        "o.vsi",
        "scaled.png",
        "unnamed",
        "v.vms",
    ]
    assert others == 4
    found, others = slides_in(folder, folder / "out", 0.5)
    assert {"label.png", "screen.png"} < {path.name for path in found}, "with a scale given, pictures are slides"


def test_a_folder_of_one_dicom_slide_is_that_slide(tmp_path: Path) -> None:
    folder = make(tmp_path / "case7", {"1.dcm": DICOM, "2.dcm": DICOM})
    (biopsy,) = plan(folder, tmp_path / "out").biopsies
    assert (biopsy.name, biopsy.alone, biopsy.units[0].path) == ("case7", True, folder)


def test_dicom_files_beside_other_slides_hide_none_of_them(tmp_path: Path) -> None:
    files = {"a.svs": TIFF, "b.svs": TIFF, "c.svs": TIFF, "notes.txt": b"text", "stray.dcm": DICOM, "other.dcm": DICOM}
    folder = make(tmp_path / "case7", files)
    found, others = slides_in(folder, tmp_path / "out", None)
    assert [path.name for path in found] == ["case7", "a.svs", "b.svs", "c.svs"], "the DICOM files are one slide"
    assert others == 1


def test_a_file_that_may_not_be_read_does_not_end_the_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make(tmp_path / "slides", {"a.svs": TIFF, "locked.svs": TIFF})

    def refuse(path: Path) -> bool:
        if path.name == "locked.svs":
            raise PermissionError(13, "Permission denied")
        return False

    monkeypatch.setattr("histo.cohort.folder.is_dicom", refuse)
    assert [path.name for path in slides_in(folder, tmp_path / "out", None)[0]] == ["a.svs", "locked.svs"]


@pytest.mark.parametrize("out", ["slides/o", "slides/../slides/o", "link/o", "link/../slides/o"])
def test_the_output_folder_is_left_out_by_whatever_way_it_is_named(tmp_path: Path, out: str) -> None:
    folder = make(tmp_path / "slides", {"a.svs": TIFF, "o/B/result.svs": TIFF})
    (tmp_path / "link").symlink_to(folder)
    for source in (folder, tmp_path / "link"):
        assert [path.name for path in slides_in(source, tmp_path / out, None)[0]] == ["a.svs"]


@pytest.mark.parametrize("out", ["slides", "slides/../slides", "link"])
def test_results_do_not_go_among_the_slides(tmp_path: Path, out: str) -> None:
    folder = make(tmp_path / "slides", {"a.svs": TIFF})
    (tmp_path / "link").symlink_to(folder)
    with pytest.raises(
        UsageError, match="slides: is the folder of the slides itself; choose another folder with --out"
    ):
        plan(folder, tmp_path / out)


def test_slides_of_a_folder_are_biopsies_of_their_own(tmp_path: Path) -> None:
    folder = make(tmp_path / "slides", {"b.svs": TIFF, "a.svs": TIFF})
    found = plan(folder, tmp_path / "out")
    assert [(one.name, one.alone, one.patient, len(one.units)) for one in found.biopsies] == [
        ("a", True, None, 1),
        ("b", True, None, 1),
    ]


def test_a_manifest_names_biopsies_patients_and_scales(tmp_path: Path) -> None:
    make(tmp_path, {"1.svs": TIFF, "2.svs": TIFF, "3.svs": TIFF})
    manifest = tmp_path / "m.csv"
    manifest.write_text(
        "biopsy,patient,slide,mpp,site,label\nB1,P,1.svs,0.25,Bonn,normal\nB2,P,2.svs,,,\nB1,P,3.svs,,,\n"
    )
    first, second = plan(manifest, tmp_path / "out", mpp=0.5).biopsies
    assert (first.name, first.alone, first.patient, first.site, first.label) == ("B1", False, "P", "Bonn", "normal")
    assert [(unit.slide, unit.mpp) for unit in first.units] == [("1", 0.25), ("3", 0.5)]
    assert second.units[0].mpp == 0.5


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("biopsy,patient,slide\nB1,P1,gone.svs\n", "row 2: slide gone.svs does not exist; correct these rows"),
        ("biopsy,patient,slide\nB1,P1,1.svs\nB1,P2,2.svs\n", "row 3: biopsy B1 belongs to patient P1 in row 2"),
        ("biopsy,patient,slide\n,P1,1.svs\nB1,P1,1.svs\n", "row 2: biopsy is empty"),
        ("biopsy,patient,slide,mpp\nB1,P1,1.svs,9\n", "row 2: mpp 9 is not between 0.1 and 2 um per pixel"),
        ("biopsy,patient,slide\n", "has no rows"),
    ],
)
def test_faults_of_a_manifest_are_told_by_row(tmp_path: Path, text: str, message: str) -> None:
    make(tmp_path, {"1.svs": TIFF, "2.svs": TIFF})
    (tmp_path / "m.csv").write_text(text)
    with pytest.raises(ManifestError) as told:
        plan(tmp_path / "m.csv", tmp_path / "out")
    assert message in str(told.value)
    assert told.value.exit_code == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "biopsy,patient,slide\nB1,P1,1.svs\nB1,P1,deep/1.svs\n",
            "1: two slides have this name, and so would their results; rename one of them",
        ),
        (
            "biopsy,patient,slide\nB1,P1,1.svs\nb1,P2,2.svs\n",
            "b1: two slides have this name, and so would their results; rename one of them",
        ),
        (
            "biopsy,patient,slide\na/b,P1,1.svs\n",
            "'a/b': a biopsy's name becomes a folder; give it one without slashes",
        ),
        (
            "biopsy,patient,slide\n.b,P1,1.svs\n",
            "'.b': a biopsy's folder would be hidden; give it a name without a leading dot",
        ),
    ],
)
def test_results_that_would_overwrite_each_other_are_refused(tmp_path: Path, text: str, message: str) -> None:
    make(tmp_path, {"1.svs": TIFF, "2.svs": TIFF, "deep/1.svs": TIFF})
    (tmp_path / "m.csv").write_text(text)
    with pytest.raises(UsageError) as told:
        plan(tmp_path / "m.csv", tmp_path / "out")
    assert str(told.value) == message


def test_a_biopsys_name_that_is_too_long_for_a_folder_is_told_when_planning(tmp_path: Path) -> None:
    slides = make(tmp_path / "slides", {"1.svs": TIFF, f"{'ä' * 91}.svs": TIFF})
    manifest = tmp_path / "m.csv"
    manifest.write_text(f"biopsy,patient,slide\n{'b' * 180},P1,slides/1.svs\n")
    assert len(plan(manifest, tmp_path / "out").biopsies) == 1
    manifest.write_text(f"biopsy,patient,slide\nB1,P1,slides/1.svs\n{'ä' * 91},P1,slides/{'ä' * 91}.svs\n")
    told = "a biopsy's name becomes a folder, and has more than 180 bytes; give it a shorter one"
    with pytest.raises(UsageError, match=f"^'{'ä' * 40}...': row 3: {told}$"):
        plan(manifest, tmp_path / "out")
    with pytest.raises(UsageError, match=f"^'{'ä' * 40}...': {told}$"):
        plan(slides, tmp_path / "out")


def test_an_empty_folder_is_told(tmp_path: Path) -> None:
    make(tmp_path / "slides", {"notes.txt": b"text"})
    with pytest.raises(UsageError, match=r"holds no slide \(1 other files\); give a folder of slides, or a manifest"):
        plan(tmp_path / "slides", tmp_path / "out")


def test_identity_follows_everything_that_decides_and_nothing_else(tmp_path: Path) -> None:
    make(tmp_path, {"1.svs": TIFF})
    (tmp_path / "m.csv").write_text("biopsy,patient,slide\nB1,P1,1.svs\n")

    def identity(digest: str = "settings", mpp: float | None = None) -> str:
        return plan(tmp_path / "m.csv", tmp_path / "out", digest, mpp).units[0].id

    assert identity() == identity()
    assert len({identity(), identity("other"), identity(mpp=0.5), identity(mpp=0.25)}) == 4


def test_runs_may_share_a_folder_only_with_the_same_slides_facts_and_settings(tmp_path: Path) -> None:
    make(tmp_path, {"1.svs": TIFF, "2.svs": TIFF, "other/1.svs": TIFF, "other/2.svs": TIFF})
    text = "biopsy,patient,slide\nB1,P1,1.svs\nB1,P1,2.svs\n"
    for folder in (tmp_path, tmp_path / "other"):
        (folder / "m.csv").write_text(text)
    (tmp_path / "link").symlink_to(tmp_path)

    def digest(manifest: str = "m.csv", settled: str = "settings", age: int | None = None) -> str:
        known = None if age is None else {"B1": ClinicalFacts("B1", age_years=age)}
        return plan_cohort(tmp_path / manifest, tmp_path / "out", settings(settled), None, known).digest

    assert digest() == digest("other/../m.csv") == digest("link/m.csv"), "the same files, named otherwise"
    found = [digest(), digest("other/m.csv"), digest(settled="other"), digest(age=30), digest(age=80)]
    (tmp_path / "m.csv").write_text(text.replace("B1", "B2"))
    found.append(digest())
    assert len(set(found)) == 6


def test_the_digest_of_a_bundle_is_that_of_all_its_files(tmp_path: Path) -> None:
    folder = make(tmp_path / "bundle", {"card.json": b"{}", "weights.safetensors": b"w"})
    before = folder_digest(folder)
    make(folder, {"detector-errors.json": b"{}"})
    assert folder_digest(folder) != before
    assert digest_of("ab", "c") != digest_of("a", "bc")


@pytest.mark.parametrize(
    ("asked", "cores", "gib", "expected"),
    [
        ((None, None, None), 8, 64, (8, 1)),
        ((None, None, None), 8, 8, (3, 2)),
        ((None, None, None), 1, 1, (1, 1)),
        ((2, None, None), 8, 64, (2, 4)),
        ((None, 4, None), 8, 64, (2, 4)),
        ((None, None, 16 << 30), 8, 64, (3, 2)),
        ((5, 3, 1 << 30), 2, 64, (5, 3)),
    ],
)
def test_the_machine_is_shared_out(
    asked: tuple[int | None, int | None, int | None], cores: int, gib: int, expected: tuple[int, int]
) -> None:
    pool = share_out(*asked, cores=cores, available_bytes=gib << 30)
    assert (pool.workers, pool.threads) == expected
    assert isinstance(pool, Pool)
    if asked == (None, None, None) and gib > 4:
        assert pool.workers * pool.memory_bytes <= gib << 30


@pytest.mark.parametrize(
    ("line", "files"),
    [
        ("0::/job/step", {"job/memory.max": "5000", "job/memory.current": "2000", "job/step/memory.max": "max"}),
        (
            "4:memory:/job",
            {"memory/job/memory.limit_in_bytes": "5000", "memory/job/memory.usage_in_bytes": "2000"},
        ),
    ],
)
def test_the_memory_of_a_job_counts_not_that_of_its_machine(tmp_path: Path, line: str, files: dict[str, str]) -> None:
    make(tmp_path, {"proc/self/cgroup": f"{line}\n".encode()})
    before = usable_bytes(tmp_path)
    make(tmp_path / "sys/fs/cgroup", {name: text.encode() for name, text in files.items()})
    assert usable_bytes(tmp_path) == 3000 < before


@pytest.mark.parametrize(
    ("line", "files", "cores"),
    [
        ("0::/", {"cpu.max": "300000 100000"}, 3),
        ("0::/job/step", {"job/cpu.max": "250000 100000", "job/step/cpu.max": "max 100000"}, 2),
        ("0::/job/step", {"cpu.max": "500000 100000", "job/step/cpu.max": "50000 100000"}, 1),
        ("0::/", {"cpu.max": "max 100000"}, 8),
        ("0::/", {"cpu.max": "9000000 100000"}, 8),
        ("4:cpu,cpuacct:/job", {"cpu/job/cpu.cfs_quota_us": "400000", "cpu/job/cpu.cfs_period_us": "100000"}, 4),
        ("4:cpu,cpuacct:/job", {"cpu/job/cpu.cfs_quota_us": "-1", "cpu/job/cpu.cfs_period_us": "100000"}, 8),
        ("4:cpuset:/job", {"cpu/job/cpu.cfs_quota_us": "400000", "cpu/job/cpu.cfs_period_us": "100000"}, 8),
        ("0::/", {}, 8),
    ],
)
def test_a_share_of_cpu_time_counts_in_whole_cores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, files: dict[str, str], cores: int
) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(8)))
    make(tmp_path, {"proc/self/cgroup": f"{line}\n".encode()})
    make(tmp_path / "sys/fs/cgroup", {name: text.encode() for name, text in files.items()})
    assert usable_cores(tmp_path) == cores
