"""`tagger tag`, as a person and as a program meets it."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.cli.conftest import Tagger, lines
from tests.cli.test_suggest import LIKELY
from tests.drawn import bomb, encoded, jpeg, photos

pytestmark = pytest.mark.usefixtures("url")  # on both databases


def test_a_run_tells_what_it_did_and_how_to_go_on(tagger: Tagger, library: Path) -> None:
    done = tagger("tag", library)
    assert (done.returncode, done.stdout) == (0, "")
    assert "9 tagged, 3 without a known landmark, 0 failed" in done.stderr
    assert "Engine: openvino on CPU" in done.stderr
    assert "tagger query" in done.stderr


def test_the_json_line_keeps_its_promise(tagger: Tagger, library: Path) -> None:
    first, *_, grey = lines(tagger("tag", library, "--json"))[:4]
    path = library / "00000.jpg"
    assert list(first) == ["path", "sha256", "status", "suggestions", "error", "look"]
    assert (first["path"], first["status"], first["error"], first["look"]) == (str(path), "tagged", None, "full")
    assert first["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    best = first["suggestions"][0]
    keys = ["rank", "landmark", "name", "country", "city", "lat", "lon", "score", "visual_score", "reason"]
    assert list(best) == keys
    assert best["visual_score"] == best["score"]
    assert best | {"score": 1, "visual_score": 1} == {
        "rank": 1,
        "landmark": "red_rock",
        "name": "Red Rock",
        "country": "Nowhere",
        "city": None,
        "lat": 10.0,
        "lon": 20.0,
        "score": 1,
        "visual_score": 1,
        "reason": None,
    }
    assert 0.9 < best["score"] <= 1
    assert grey["status"] == "none"
    assert [s["rank"] for s in grey["suggestions"]] == [1, 2, 3]


def test_strict_takes_tags_back_and_the_next_run_without_it_gives_them_again(tagger: Tagger, library: Path) -> None:
    (library / "likely.png").write_bytes(encoded(Image.new("RGB", (64, 48), LIKELY), "PNG"))

    def tag(*options: str) -> tuple[str, str]:
        done = tagger("tag", library, "--json", *options)
        return lines(done)[-1]["status"], done.stderr

    assert tag()[0] == "tagged"
    status, log = tag("--strict")
    assert status == "none"
    assert "A tag now needs a score of 0.8: the tags of 1 stored photos changed" in log
    assert "Engine" not in log
    assert "likely.png" in tagger("query", "--none").stdout
    assert tag()[0] == "tagged"


def test_lines_come_in_input_order_and_a_rerun_prints_the_same(tagger: Tagger, library: Path) -> None:
    first = tagger("tag", library, "--json")
    assert [line["path"] for line in lines(first)] == sorted(map(str, library.iterdir()))
    again = tagger("tag", library, "--json")
    assert again.stdout == first.stdout
    assert "12 unchanged" in again.stderr
    assert "Engine" not in again.stderr


def test_k_is_how_many_suggestions_a_line_has(tagger: Tagger, library: Path) -> None:
    assert {len(line["suggestions"]) for line in lines(tagger("tag", library, "--json", "-k", 2))} == {2}
    assert {len(line["suggestions"]) for line in lines(tagger("tag", library, "--json", "-k", 1))} == {1}


def bad_files(folder: Path) -> dict[str, str]:
    """Every kind of bad file, by name, with the kinds of failure that fit it."""
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (200, 200, 3), dtype=np.uint8))
    (folder / "truncated.jpg").write_bytes(jpeg(size=(300, 300))[:900])
    (folder / "truncated.png").write_bytes(encoded(noise, "PNG")[:9000])
    (folder / "corrupt.png").write_bytes(encoded(noise, "PNG")[:60] + b"\x00" * 500)
    (folder / "empty.jpg").touch()
    (folder / "text.jpg").write_text("no photo")
    (folder / "album.jpg").mkdir()  # a folder, whatever its name
    os.mkfifo(folder / "pipe.jpg")
    (folder / "dangling.jpg").symlink_to("nowhere.jpg")
    (folder / "bomb.png").write_bytes(bomb())
    return {
        "truncated.jpg": "truncated",
        "truncated.png": "truncated",
        "corrupt.png": "corrupt truncated",
        "empty.jpg": "empty",
        "text.jpg": "unsupported",
        "pipe.jpg": "not_a_file",
        "dangling.jpg": "not_found",
        "bomb.png": "too_large",
    }


def test_every_bad_file_is_listed_with_its_reason_and_every_good_one_tagged(tagger: Tagger, library: Path) -> None:
    expected = bad_files(library)
    done = tagger("tag", library, "--json")
    assert done.returncode == 3
    by_name = {os.path.basename(line["path"]): line for line in lines(done)}
    assert [by_name[f"{n:05}.jpg"]["status"] for n in range(12)] == ["tagged", "tagged", "tagged", "none"] * 3
    for name, kinds in expected.items():
        line = by_name.pop(name)
        assert line["status"] == "failed"
        assert line["error"]["kind"] in kinds.split(), (name, line["error"])
        assert line["suggestions"] == []
        assert f"{name}: {line['error']['message']}" in done.stderr
    assert len(by_name) == 12
    failed = lines(tagger("query", "--failed", "--json"))
    assert {os.path.basename(row["path"]) for row in failed} == set(expected)


def test_names_that_are_no_text_travel_through_json(tagger_process: Tagger, tmp_path: Path) -> None:
    tagger = tagger_process  # the encoding of a real standard output
    (tmp_path / "names").mkdir()
    strange = os.fsencode(tmp_path / "names") + b"/caf\xe9 \xff.jpg"
    Path(os.fsdecode(strange)).write_bytes(jpeg())
    (line,) = lines(tagger("tag", tmp_path / "names", "--json"))
    assert os.fsencode(line["path"]) == strange
    (row,) = lines(tagger("query", "red_rock", "--json"))
    assert os.fsencode(row["path"]) == strange
    assert r"caf\xe9 \xff.jpg" in tagger("query").stdout


def test_a_control_character_in_a_name_does_not_reach_the_terminal(tagger: Tagger, tmp_path: Path) -> None:
    (tmp_path / "names").mkdir()
    (tmp_path / "names" / "new\nline\x1b[31m.jpg").write_text("no photo")
    done = tagger("tag", tmp_path / "names")
    assert r"new\nline\x1b[31m.jpg" in done.stderr
    assert "\x1b[31m" not in done.stderr


def test_a_name_that_looks_like_an_option_is_a_file_behind_two_dashes(tagger: Tagger, library: Path) -> None:
    (library / "-k.jpg").write_bytes(jpeg())
    assert "-k.jpg" in tagger("tag", "--json", "--", library).stdout


@pytest.mark.process
def test_ctrl_c_ends_cleanly_with_what_is_done_stored(tagger: Tagger, own: dict[str, str], tmp_path: Path) -> None:
    photos(tmp_path / "many", 1000)  # a pipe that nobody empties holds the run up after some 200
    command = [sys.executable, "-m", "tagger", "tag", str(tmp_path / "many"), "--json"]
    process = subprocess.Popen(command, env=os.environ | own, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for _ in range(200):
        process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, output = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "run the same command again to continue" in output
    assert "Traceback" not in output
    done = tagger("tag", tmp_path / "many")
    assert "0 failed" in done.stderr
    assert "\n0 unchanged" not in done.stderr
    assert len(lines(tagger("query", "--json"))) == 750


def test_a_folder_that_is_not_there_is_named(tagger: Tagger, tmp_path: Path) -> None:
    done = tagger("tag", tmp_path / "unplugged")
    assert done.returncode == 1
    assert done.stderr.startswith("Error:")
    assert "unplugged" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--device", "cuda"), "cuda"),
        (("--bundle", "/nowhere"), "/nowhere"),
        (("--db", "/proc/nowhere/tags.sqlite"), "/proc/nowhere"),
        (("--config", "/nowhere.toml"), "/nowhere.toml"),
    ],
)
def test_a_bad_set_up_is_one_sentence(tagger: Tagger, library: Path, arguments: tuple[str, ...], sentence: str) -> None:
    done = tagger("tag", library, *arguments)
    assert done.returncode == 1
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_settings_come_from_a_file(tagger: Tagger, library: Path, tmp_path: Path) -> None:
    (tmp_path / "tagger.toml").write_text('top_k = 1\nexclude = ["0000[0-7].jpg"]\n')
    found = lines(tagger("tag", library, "--json", TAGGER_CONFIG=str(tmp_path / "tagger.toml")))
    assert [os.path.basename(line["path"]) for line in found] == ["00008.jpg", "00009.jpg", "00010.jpg", "00011.jpg"]
    assert {len(line["suggestions"]) for line in found} == {1}
