"""Names are compared by what people mean, and numbers are written for people."""

from __future__ import annotations

import os
import subprocess
import sys

from tagger.core.text import (
    counted,
    did_you_mean,
    first_of,
    format_bytes,
    format_duration,
    nearest,
    plain,
    printable,
    without_secrets,
)


def test_case_accents_and_punctuation_do_not_tell_names_apart() -> None:
    assert plain("Château d'If") == plain("chateau DIF") == "chateaudif"
    assert plain("Łódź") == "lodz"
    assert plain("क़ुतुब मीनार") == plain("कुतुब-मीनार") != plain("कतब मनर")
    assert plain("مكتبة") == plain("مكتبه")


def test_a_typo_is_asked_about_and_a_stranger_is_not() -> None:
    jobs = ["nightly", "backup"]
    assert did_you_mean("nigthly", jobs) == " Did you mean 'nightly'?"
    assert [did_you_mean(text, jobs) for text in ("zzz", "", "?")] == ["", "", ""]


def test_a_part_of_a_name_or_alias_is_near_and_the_best_comes_first() -> None:
    names = {1: ("Tower Bridge",), 2: ("Eiffel Tower", "Tour Eiffel"), 3: ("Colosseum",)}
    assert nearest("tour eiffel", names) == [2]
    assert nearest("tower", names) == [1, 2]
    assert nearest("tower", names, limit=1) == [1]


def test_one_is_singular_and_thousands_are_separated() -> None:
    assert [counted(n, "file") for n in (0, 1, 2, 1200)] == ["0 files", "1 file", "2 files", "1,200 files"]


def test_a_path_is_one_line_whatever_its_bytes() -> None:
    assert printable("a\x1b\n\udcff.jpg") == r"a\x1b\n\xff.jpg"
    assert printable("a\ud83d\udcff") == r"a\ud83d\xff"
    assert first_of(["a", "b", "c"]) == "a, b, c"
    assert first_of(["a", "b", "c", "d"]) == "a and 3 more"


def test_a_name_is_printable_where_the_locale_has_no_such_letters() -> None:
    code = "from tagger.core.text import printable; print(ascii(printable('Itz\\xe1 \\udcc3\\udca9 \\udcff')))"
    plain_c = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run([sys.executable, "-c", code], env=os.environ | plain_c, capture_output=True, text=True)
    assert done.stdout.strip() == ascii(r"Itzá é \xff"), done.stderr


def test_durations_and_sizes_have_their_units() -> None:
    spans = [0.25, 9.5, 12, 125, 3 * 3600 + 7 * 60]
    assert list(map(format_duration, spans)) == ["0.25 s", "9.5 s", "12 s", "2 min 05 s", "3 h 07 min"]
    assert list(map(format_bytes, (12_345, 123_456, 5_400_000_000))) == ["12 kB", "0.1 MB", "5.4 GB"]


def test_a_url_is_shown_without_its_secrets() -> None:
    assert without_secrets("postgresql://ann:p@ss/w?rd@host/tags?password=x") == "postgresql://…@host/tags?…"
    assert without_secrets("https://host/hook?token=x#y") == "https://host/hook?…"
    assert without_secrets("host/hook?token=x") == "host/hook?…"
    assert without_secrets("sqlite:////folder/tags.sqlite") == "sqlite:////folder/tags.sqlite"
    assert without_secrets("/home/ann/what?.sqlite") == "/home/ann/what?.sqlite"
