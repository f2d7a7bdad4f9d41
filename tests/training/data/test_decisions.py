"""What people decided outranks a folder's label."""

from __future__ import annotations

from pathlib import Path

import pytest

from training.data.audit import LabelledFile, Photo
from training.data.decisions import apply_decisions, load_decisions
from training.data.manifest import DataError, Role

A, B, C = ("a" * 64, "b" * 64, "c" * 64)


def photo(sha256: str, label: str, role: Role = "landmark") -> Photo:
    return Photo(LabelledFile(Path(sha256[:1]), role, label), sha256, 48, 40, 0)


PHOTOS = [photo(A, "big_ben"), photo(B, "louvre"), photo(C, "street", "negative")]


def decided(tmp_path: Path, *rows: str) -> list[tuple[str, str, str]]:
    path = tmp_path / "decisions.csv"
    path.write_text("\n".join(["sha256,verdict,landmark,decided_at,who", *rows]))
    photos = apply_decisions(PHOTOS, load_decisions(path)).photos
    return [(str(one.file.path), one.file.role, one.file.label) for one in photos]


UNCHANGED = [("a", "landmark", "big_ben"), ("b", "landmark", "louvre"), ("c", "negative", "street")]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], UNCHANGED),
        ([f"{A},shows,louvre,2024-05-01,ann"], [("a", "landmark", "louvre"), *UNCHANGED[1:]]),
        ([f"{C},shows,louvre,,"], [*UNCHANGED[:2], ("c", "landmark", "louvre")]),
        ([f"{A},none,,,"], [("a", "negative", "decided"), *UNCHANGED[1:]]),
        ([f"{C},none,,,"], UNCHANGED),
        ([f"{A},not,big_ben,,"], UNCHANGED[1:]),
        ([f"{A},not,louvre,,", f"{C},not,louvre,,"], UNCHANGED),
        ([f"{A.upper()},none,,,"], [("a", "negative", "decided"), *UNCHANGED[1:]]),
    ],
    ids=["nothing", "shows", "negative shows", "none", "negative none", "not", "not another", "capitals"],
)
def test_each_verdict_has_its_consequence(tmp_path: Path, rows: list[str], expected: object) -> None:
    assert decided(tmp_path, *rows) == expected


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([f"{A},not,big_ben,,", f"{A},shows,big_ben,,"], "big_ben"),
        ([f"{A},shows,big_ben,,", f"{A},not,big_ben,,", f"{A},shows,louvre,,"], "louvre"),
        ([f"{A},shows,louvre,,", f"{A},none,,,"], "decided"),
        ([f"{A},none,,,", f"{A},shows,louvre,,"], "louvre"),
        ([f"{A},shows,big_ben,,", f"{A},shows,louvre,,"], "big_ben"),
        ([f"{A},not,big_ben,,", f"{A},none,,,"], "decided"),
    ],
    ids=["last wins", "moved on", "none after shows", "shows after none", "both: its own stays", "not, then none"],
)
def test_the_last_word_counts(tmp_path: Path, rows: list[str], expected: str) -> None:
    assert decided(tmp_path, *rows)[0][2] == expected


def test_what_became_of_the_photos_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "decisions.csv"
    path.write_text(f"sha256,verdict,landmark\n{A},not,big_ben\n{B},none,\n{C},none,\n{'d' * 64},shows,anything\n")
    result = apply_decisions(PHOTOS, load_decisions(path))
    assert result.counts == {
        "as labelled": 1,
        "relabelled": 0,
        "now a negative": 1,
        "left out": 1,
        "not in the data": 1,
    }
    assert [(str(one.path), one.reason) for one in result.left_out] == [("a", "decided not to show big_ben")]


def test_an_unknown_landmark_is_an_error_that_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"Line 3 of .* names the landmark 'big_bem'.*Did you mean 'big_ben'"):
        decided(tmp_path, f"{A},none,,,", f"{B},shows,big_bem,,")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("sha256,verdict\n", "has no column 'landmark'"),
        ("", "has no column 'sha256'"),
        ("sha256,verdict,landmark\nabc,none,\n", "line 2: sha256 'abc' is not 64"),
        (f"sha256,verdict,landmark\n{A},maybe,x\n", "line 2: verdict 'maybe' is not one of shows, not, none"),
        (f"sha256,verdict,landmark\n{A},none,x\n", "line 2: the verdict 'none' needs an empty landmark"),
        (f"sha256,verdict,landmark\n{A},shows,\n", "line 2: the verdict 'shows' needs a landmark's id"),
        (f"sha256,verdict,landmark\n{A}\n", "line 2: verdict '' is not one of"),
    ],
)
def test_a_row_without_sense_is_refused_with_its_line(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "decisions.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=problem):
        load_decisions(path)


def test_a_file_that_is_not_there_is_an_expected_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read as a CSV of decisions"):
        load_decisions(tmp_path / "none.csv")
