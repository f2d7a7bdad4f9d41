"""What a review shows: where one is, why the model says so, and which keys there are."""

from __future__ import annotations

from collections import Counter

from db.read.rows import ReviewPhoto, VoteCount
from tagger.cli.review.text import Line, Span, columns_of, cut_start
from tagger.core.distance import distance_km
from tagger.core.evidence import describe, evidence_json
from tagger.core.text import counted, printable
from tagger.review.files import Problem
from tagger.review.session import Outcome, ReviewSession, Step

BLOCK_ROWS = 8  # below the picture: four lines about the photo, a message and the keys, with empty lines between
KEYS = "a right   r wrong   c choose   n none   u undo   space next   q quit   ? help"
NARROW_KEYS = "a r c n u space   q quit   ? help"
HELP = (
    ("a", "right: it shows what the model says"),
    ("r", "wrong: it does not show that"),
    ("c", "choose what it shows, by typing a name in any language"),
    ("n", "none: it shows no landmark"),
    ("u", "undo the last step; several times for several steps"),
    ("space", "next: this photo comes again at the end"),
    ("o", "open the photo in the system's viewer"),
    ("q", "quit; what is decided is stored, and the next review goes on from here"),
)
OUTCOMES: tuple[Outcome, ...] = ("confirmed", "rejected", "corrected", "none")
DATES = {"name": "by the file's name", "mtime": "by the file's time", "reset": "by a clock that was reset"}


def header(session: ReviewSession, columns: int) -> Line:
    """Which photo of how many, and what was decided so far."""
    place = f"{session.place:,} of {session.total:,}"
    counts = session.counts
    said = ", ".join(f"{counts[outcome]:,} {outcome}" for outcome in OUTCOMES if counts[outcome])
    gap = " " * max(2, columns - columns_of(place) - columns_of(said))
    return [Span(place, "bold"), Span(gap + said, "dim")]


def about(photo: ReviewPhoto, columns: int) -> list[Line]:
    """Why the model says what it says, in four lines."""
    best = photo.best
    return [
        [Span(f"{printable(best.landmark.full_name)}?", "bold")],
        [Span("; ".join(filter(None, (_scores(photo), *map(_vote, photo.votes)))))],
        [Span("; ".join(filter(None, (_taken(photo), _nearby(photo)))))],
        [Span(cut_start(printable(photo.path), columns), "dim", photo.path)],
    ]


def keys(columns: int) -> str:
    """The keys, in the last line; `?` explains them where there is no room for that."""
    return KEYS if len(KEYS) <= columns else NARROW_KEYS


def help_lines() -> list[Line]:
    """All keys."""
    lines: list[Line] = [[Span(f"{key:<6}", "bold"), Span(text)] for key, text in HELP]
    return [
        [Span("Each key is stored at once, and u takes it back.")],
        [],
        *lines,
        [],
        [Span("Any key goes on", "dim")],
    ]


def done(step: Step) -> str:
    """What a step did, as a sentence."""
    name = printable(step.photo.path.rsplit("/", 1)[-1])
    landmark = printable(step.landmark or step.photo.best.landmark.name)
    said = {"rejected": f"does not show {landmark}", "none": "shows no landmark", "skipped": "comes again at the end"}
    return f"{name} {said.get(step.outcome, f'shows {landmark}')}."


def summary(session: ReviewSession) -> list[str]:
    """The closing lines."""
    counts = session.counts
    decided = sum(counts[outcome] for outcome in OUTCOMES)
    lines = [f"Reviewed {counted(decided, 'photo')}: {', '.join(f'{counts[each]:,} {each}' for each in OUTCOMES)}."]
    if session.left:
        skipped = f", of which {counts['skipped']:,} skipped" if counts["skipped"] else ""
        lines[0] += f" {session.left:,} left{skipped}."
    if passed := _passed(session.passed_over):
        lines.append(f"{passed} since they were tagged. Run 'tagger tag' on their folders.")
    return lines


def _passed(counts: Counter[Problem]) -> str:
    parts = [f"{counted(counts[problem], 'photo')} {problem}" for problem in sorted(counts)]
    return f"Passed over: {', '.join(parts)}" if parts else ""


def _scores(photo: ReviewPhoto) -> str:
    best, others = photo.best, photo.suggestions[1:]
    text = f"score {best.score:.0%}" if best.is_tag else f"no tag, since its score is only {best.score:.0%}"
    if others:
        text += f", {photo.margin:.0%} ahead of {printable(others[0].landmark.name)}"
    if best.visual_score is not None:
        text += f"; the picture alone {best.visual_score:.0%}"
    if evidence := describe(evidence_json(best.evidence)):
        text += f", {evidence}"
    return text


def _taken(photo: ReviewPhoto) -> str:
    text = f"taken {photo.taken_at:%Y-%m-%d %H:%M}"
    if photo.taken_from in DATES:
        text += f" {DATES[photo.taken_from]}"
    landmark = photo.best.landmark.position
    if photo.position and landmark and photo.best.evidence is None:
        km = distance_km(photo.position, landmark)
        text += f", {km:,.0f} km away" if km >= 10 else f", {km:.1f} km away"
    return text


def _nearby(photo: ReviewPhoto) -> str:
    """What the photos just before and after show."""
    sides = [(nearby, side) for nearby, side in ((photo.before, "before"), (photo.after, "after")) if nearby]
    times = [f"{_time(nearby.seconds)} {side}" for nearby, side in sides]
    shown = [printable(nearby.landmark or "no landmark") for nearby, _ in sides]
    if len(set(shown)) == 1:
        return f"photo{'s' if len(shown) > 1 else ''} {' and '.join(times)}: {shown[0]}"
    return ", ".join(f"photo {time}: {name}" for time, name in zip(times, shown, strict=True))


def _time(seconds: int) -> str:
    return f"{seconds} s" if seconds < 60 else f"{seconds // 60} min"


def _vote(vote: VoteCount) -> str:
    negation = "not " if vote.verdict == "not" else ""
    people = "1 person says" if vote.people == 1 else f"{vote.people:,} people say"
    return f"{people} {negation}{printable(vote.landmark or 'no landmark')}"
