from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from histo.cohort import Split, load_manifest
from histo.errors import ManifestError

HEADER = "biopsy,patient,slide,annotation,mpp,split,site,label"


def manifest(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    for name in ("a.svs", "b.svs", "c.svs", "a.geojson"):
        (folder / name).touch()
    path = folder / "manifest.csv"
    path.write_text(text, encoding=encoding)
    return path


def test_every_column_is_understood(tmp_path: Path) -> None:
    text = f"{HEADER}\nB1,P1,a.svs,a.geojson,0.25,TEST,scanner A,Necrotizing\n\nB2, P2 ,b.svs,,,,,\n"
    first, second = load_manifest(manifest(tmp_path, text)).rows
    assert (first.biopsy, first.patient, first.slide) == ("B1", "P1", tmp_path / "a.svs")
    assert (first.annotation, first.mpp, first.split) == (tmp_path / "a.geojson", 0.25, Split.TEST)
    assert (first.site, first.label, first.number) == ("scanner A", "necrotizing", 2)
    assert (second.patient, second.annotation, second.mpp, second.split) == ("P2", None, None, None)
    assert (second.site, second.label, second.number) == ("unknown", None, 4)


@settings(deadline=None, max_examples=25)
@given(
    st.permutations(HEADER.split(",")),
    st.integers(3, 8),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["utf-8", "utf-8-sig"]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_order_of_columns_separator_and_byte_order_mark_do_not_matter(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], kept: int, separator: str, encoding: str, end: str
) -> None:
    folder = tmp_path_factory.mktemp("cohort")
    needed = ["biopsy", "patient", "slide"]
    names = needed + [name for name in names if name not in needed][: kept - 3] if kept < 8 else names
    values = {"biopsy": "B", "patient": "Ä; 1", "slide": "a.svs", "site": "x, y", "mpp": "0.5", "split": "train"}
    quoted = [f'"{values.get(name, "")}"' for name in names]
    text = end.join([separator.join(names), separator.join(quoted), ""])
    path = manifest(folder, "", "utf-8")
    path.write_bytes(text.encode(encoding))
    (row,) = load_manifest(path).rows
    assert (row.biopsy, row.patient, row.slide.name) == ("B", "Ä; 1", "a.svs")
    assert row.site == ("x, y" if "site" in names else "unknown")
    assert row.mpp == (0.5 if "mpp" in names else None)


def test_all_faults_are_told_at_once_with_their_rows(tmp_path: Path) -> None:
    rows = [
        "B1,P1,a.svs,a.geojson,0.5,train,,",
        "B2,P2,missing.svs,gone.xml,half,dev,,IMNM",
        "B3,,b.svs,,nan,,,",
        "B4,P4,./a.svs,,,,,",
        "B1,P5,c.svs,,,,,",
        "B6,P6,b.svs,,,,,,,extra",
    ]
    with pytest.raises(ManifestError) as caught:
        load_manifest(manifest(tmp_path, "\n".join([HEADER, *rows])))
    message = str(caught.value)
    for fault in (
        "row 3: slide missing.svs does not exist",
        "row 3: annotation gone.xml does not exist",
        "row 3: mpp half is not a number with a decimal point",
        "row 3: split dev is none of train, validation, test",
        "row 3: label imnm is none of necrotizing, perifascicular_atrophy",
        "row 4: patient is empty",
        "row 4: mpp nan is not between 0.1 and 2 um per pixel",
        "row 5: slide ./a.svs is already in row 2",
        "row 6: biopsy B1 belongs to patient P1 in row 2",
        "row 7: has 10 cells, the header 8",
    ):
        assert fault.lower() in message.lower(), fault
    assert "\n" not in message


def test_a_path_that_cannot_be_looked_at_is_a_fault_of_its_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = f"{HEADER}\nB1,P1,{'x' * 300}.svs,,,,,\nB2,P2,locked/b.svs,,,,,\nB3,P3,a.svs/b.svs,,,,,\nB4,P4,a\0.svs,,,,,"
    path, look = manifest(tmp_path, text), Path.stat

    def refusing(self: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        if "locked" in self.parts:  # by its mode a folder is locked to others than root
            raise PermissionError(13, "Permission denied")
        return look(self, follow_symlinks=follow_symlinks)

    monkeypatch.setattr(Path, "stat", refusing)
    with pytest.raises(ManifestError) as caught:
        load_manifest(path)
    assert "row 2: slide xxx" in str(caught.value)
    assert "xxx.svs cannot be looked at (File name too long); row 3: slide locked/b.svs cannot be looked at (" in str(
        caught.value
    )
    assert "(Permission denied); row 4: slide a.svs/b.svs does not exist; row 5: slide a\0.svs does not exist;" in str(
        caught.value
    )


def test_two_labels_of_one_biopsy_are_refused(tmp_path: Path) -> None:
    text = f"{HEADER}\nB1,P1,a.svs,,,,,normal\nB1,P1,b.svs,,,,,dystrophic\n"
    with pytest.raises(ManifestError, match="row 3: biopsy B1 is labelled normal in row 2"):
        load_manifest(manifest(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "the header lacks biopsy, patient, slide"),
        ("biopsy,patient,slide,stain\n", "the header has unknown columns 'stain'"),
        ("biopsy,patient,slide,slide\n", "the header has twice slide"),
        (HEADER, "has no rows"),
        (f'{HEADER}\n"B1,P1', "is no CSV"),
    ],
)
def test_what_is_no_manifest_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(ManifestError, match=problem):
        load_manifest(manifest(tmp_path, text))


def test_a_file_that_cannot_be_read_names_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="cannot be read"):
        load_manifest(tmp_path / "nothing.csv")
    latin = tmp_path / "latin.csv"
    latin.write_bytes("biopsy,patient,slide\nB,Jürgen,a.svs\n".encode("latin-1"))
    with pytest.raises(ManifestError, match="is not UTF-8 text; save it as CSV in UTF-8"):
        load_manifest(latin)


def test_many_faults_are_counted_not_listed_for_ever(tmp_path: Path) -> None:
    rows = [f"B{n},P{n},no{n}.svs,,,,," for n in range(50)]
    with pytest.raises(ManifestError, match="and 30 more"):
        load_manifest(manifest(tmp_path, "\n".join([HEADER, *rows])))
