"""Find the date in a file's name, as cameras, phones and messengers put it there."""

from __future__ import annotations

import os
import re
from datetime import datetime, timedelta

from tagger.core.types import TakenDate
from tagger.image.metadata.dates import dated, time_of_day

# 20140607, 2014-06-07, 2014_06_07. After a letter or digit it is part of something else, unless a camera put it there.
DAY = re.compile(
    r"(?:(?<![0-9a-z])|(?<=IMG)|(?<=VID)|(?<=PANO)|(?<=BURST))"
    r"(?P<year>(?:19|20)[0-9]{2})(?P<separator>[-_. ]?)(?P<month>[0-9]{2})(?P=separator)(?P<day>[0-9]{2})",
    re.IGNORECASE,
)
# After the day: _080910, 080910123, -08-09-10, " at 8.09.10 PM", " um 08.09.10".
BETWEEN = r"(?:[-_. T]{0,3}|\s(?:[^\W\d]{1,8}\s){1,2})"
TIMES = (
    re.compile(BETWEEN + r"(?P<hour>[0-9]{2})(?P<minute>[0-9]{2})(?P<second>[0-9]{2})(?:[0-9]{3})?(?![0-9])(?P<half>)"),
    re.compile(
        BETWEEN + r"(?P<hour>[0-9]{1,2})(?P<mark>[-_.: ])(?P<minute>[0-9]{2})(?P=mark)(?P<second>[0-9]{2})(?![0-9])"
        r"(?:\s?(?P<half>[AP]M)\b)?",
        re.IGNORECASE,
    ),
)
DIGEST = re.compile(r"[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12,}", re.IGNORECASE)  # also a UUID
FIRST_YEAR = 1990  # no camera put dates into names before that; people who scan do, with separators


def name_date(path: str) -> TakenDate | None:
    """The first date in a file's name; midnight if it has no time.

    Returns:
        None if the digits are not a date on which a photo can have been taken.
    """
    stem, _ = os.path.splitext(os.path.basename(path))
    if DIGEST.fullmatch(stem):
        return None
    for found in DAY.finditer(stem):
        rest = stem[found.end() :]
        time = _time(rest)
        if time is None and (rest[:1].isdigit() or (rest[:1].isalpha() and not found["separator"])):
            continue
        try:
            day = datetime(int(found["year"]), int(found["month"]), int(found["day"]))
        except ValueError:
            continue
        date = dated(day + (time or timedelta()), "name")
        if date and date.taken_from == "name" and (day.year >= FIRST_YEAR or found["separator"]):
            return date
    return None


def _time(rest: str) -> timedelta | None:
    """The time after a date; None if there is none, or if the digits are something else."""
    for pattern in TIMES:
        if found := pattern.match(rest):
            try:
                return time_of_day(int(found["hour"]), int(found["minute"]), int(found["second"]), found["half"])
            except ValueError:
                return None
    return None
