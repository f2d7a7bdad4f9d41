"""Few missing files are marked as gone; many look like a drive that is not mounted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from db.engine import Store
from tagger.core.errors import FolderNotFound
from tagger.model.bundle import Bundle
from tests.drawn import photos
from tests.library.test_ends import OPTIONS, library, run, tagged

__all__ = ["library"]  # a fixture


def test_a_folder_that_is_suddenly_empty_is_a_missing_drive(
    store: Store, bundle: Bundle, library: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run(store, bundle, library)
    library.rename(library.parent / "unplugged")
    library.mkdir()
    state = run(store, bundle, library)
    assert (state.counts.gone, state.suspicious_deletions[0].missing, state.suspicious_deletions[0].total) == (
        0,
        30,
        30,
    )
    assert f"30 of the 30 known files in {library} are missing" in caplog.text
    assert "--accept-gone" in caplog.text
    library.rmdir()
    (library.parent / "unplugged").rename(library)
    assert run(store, bundle, library).counts.unchanged == 30


def test_much_of_a_folder_gone_is_doubted_until_somebody_says_so(store: Store, bundle: Bundle, library: Path) -> None:
    run(store, bundle, library)
    for photo in sorted(library.iterdir())[:21]:
        photo.unlink()
    assert (run(store, bundle, library).counts.gone, tagged(store)) == (0, 23)
    believing = replace(OPTIONS, accept_missing=True)
    assert (run(store, bundle, library, options=believing).counts.gone, tagged(store)) == (21, 7)


@pytest.mark.parametrize(("lost", "share"), [(20, 0.2), (21, 0.7), (29, 1.0)])
def test_little_of_a_folder_gone_is_believed(
    store: Store, bundle: Bundle, library: Path, lost: int, share: float
) -> None:
    run(store, bundle, library)
    for photo in sorted(library.iterdir())[:lost]:
        photo.unlink()
    assert run(store, bundle, library, options=replace(OPTIONS, max_missing_share=share)).counts.gone == lost


def test_doubt_about_one_folder_is_none_about_another(store: Store, bundle: Bundle, library: Path) -> None:
    photos(library.parent / "trip", 3, start=100)
    run(store, bundle, library, library.parent / "trip")
    for photo in library.iterdir():
        photo.unlink()
    (library.parent / "trip" / "00101.jpg").unlink()
    state = run(store, bundle, library, library.parent / "trip")
    assert (state.counts.gone, [deletion.folder for deletion in state.suspicious_deletions]) == (1, [str(library)])


def test_a_missing_folder_among_several_stops_the_others_only_by_hand(
    store: Store, bundle: Bundle, library: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run(store, bundle, library)
    unplugged = library.parent / "unplugged"
    with pytest.raises(FolderNotFound, match="unplugged"):
        run(store, bundle, unplugged, library)
    at_night = replace(OPTIONS, skip_missing_roots=True)
    state = run(store, bundle, unplugged, library, options=at_night)
    assert (state.status, state.counts.unchanged, state.missing_roots) == ("done", 30, [str(unplugged)])
    assert f"{unplugged} does not exist" in caplog.text
    with pytest.raises(FolderNotFound):
        run(store, bundle, unplugged, options=at_night)


def test_a_link_to_a_drive_that_is_off_is_a_missing_folder(store: Store, bundle: Bundle, library: Path) -> None:
    link = library.parent / "link"
    link.symlink_to(library)
    run(store, bundle, link)
    library.rename(library.parent / "unplugged")
    with pytest.raises(FolderNotFound, match="link"):
        run(store, bundle, link)
    assert tagged(store) == 23


def test_photos_that_were_moved_are_not_missed(store: Store, bundle: Bundle, library: Path) -> None:
    run(store, bundle, library)
    (library / "sorted").mkdir()
    for photo in sorted(library.glob("*.jpg"))[:25]:
        photo.rename(library / "sorted" / photo.name)
    state = run(store, bundle, library)
    assert (state.suspicious_deletions, state.counts.inherited, tagged(store)) == ((), 25, 23)
    assert (state.counts.moved, state.counts.gone) == (25, 0)


def test_a_folder_whose_photos_all_lie_elsewhere_now_is_no_missing_drive(
    store: Store, bundle: Bundle, library: Path
) -> None:
    inbox = library.parent / "inbox"
    photos(inbox, 25, start=100)
    run(store, bundle, inbox, library)
    for photo in sorted(inbox.iterdir()):
        photo.rename(library / photo.name)
    assert (run(store, bundle, inbox, library).suspicious_deletions, tagged(store)) == ((), 42)


def test_a_drive_that_was_mounted_below_a_folder_is_missed(store: Store, bundle: Bundle, library: Path) -> None:
    photos(library / "2024" / "camera" / "more", 21, start=500)
    photos(library, 200, start=100)
    run(store, bundle, library)
    (library / "2024" / "camera").rename(library.parent / "unplugged")
    (library / "2024" / "camera").mkdir()
    state = run(store, bundle, library)
    (deletion,) = state.suspicious_deletions
    assert (deletion.folder, deletion.missing, deletion.total) == (str(library / "2024" / "camera"), 21, 21)
    assert state.counts.gone == 0
    believing = replace(OPTIONS, accept_missing=True)
    assert run(store, bundle, library, options=believing).counts.gone == 21


def test_a_few_photos_taken_out_of_a_folder_are_no_drive(store: Store, bundle: Bundle, library: Path) -> None:
    photos(library / "few", 20, start=500)
    photos(library, 200, start=100)
    run(store, bundle, library)
    for photo in (library / "few").iterdir():
        photo.unlink()
    assert run(store, bundle, library).counts.gone == 20
