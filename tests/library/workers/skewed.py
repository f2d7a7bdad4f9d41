"""`tagger` on a machine whose clock is ahead by as many seconds as the first argument says."""

import datetime
import sys
import time
from datetime import datetime as real_datetime
from typing import Any

AHEAD_S = float(sys.argv.pop(1))
real_time = time.time


class AnyMoment(type):
    """Real moments are instances, too."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, real_datetime)


class Skewed(real_datetime, metaclass=AnyMoment):
    """Replaces `datetime.datetime`."""

    @classmethod
    def now(cls, tz: Any = None) -> Any:
        return real_datetime.now(tz) + datetime.timedelta(seconds=AHEAD_S)


datetime.datetime = Skewed  # type: ignore[misc]
time.time = lambda: real_time() + AHEAD_S

from tagger.cli import main  # noqa: E402 - everything imports the other clock

main(sys.argv[1:], prog_name="tagger")
