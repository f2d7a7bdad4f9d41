"""How much work do a thousand workers lose that claim photos from one database, when machines die and disks are slow?

A simulation (SimPy) with the rules of `db.write.shared.claims` and `tagger.library.workers`: a worker claims a batch,
tags it, and stores it in one transaction; it renews its lease beside that, so a slow disk loses nothing. When a worker
dies, or its machine sleeps for longer than the lease, its batch becomes suspect, and each suspect is tagged again,
alone, when nothing else waits. Writes queue, see `db.postgres`; if they did not, every transaction that stores results
would still wait for one row, the counts of the run.
"""

from __future__ import annotations

import random
from collections.abc import Generator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import simpy

Events = Generator[simpy.Event, Any, None]

INTERVAL_S = 10  # of the plot
POLL_S = 0.5  # between two looks for work that others leave


@dataclass(frozen=True, slots=True)
class Setup:
    """A fleet and its database. Times are means of exponential distributions, except where something is fixed."""

    photos: int = 5_000_000
    workers: int = 1_000
    photos_per_s: float = 35.0  # of one core; 12 megapixels, see docs/BENCHMARKS.md
    batch: int = 64  # what a worker of one core stores at once, see `tagger.library.recorder`
    lease_s: float = 60.0
    life_h: float = float("inf")  # until a worker dies
    restart_s: float = 120.0  # until another one has taken its place
    sleep_h: float = float("inf")  # until a machine stands still, its heartbeat too
    sleep_s: float = 300.0  # for how long
    slow: float = 0.0  # fraction of the workers with a slow disk
    slowness: float = 10.0  # how much longer they need
    writers: int = 1  # transactions at a time, see `db.postgres`
    claim_s: float = 0.002  # of a transaction: fixed, and for each photo
    claim_photo_s: float = 0.00002
    store_s: float = 0.003
    store_photo_s: float = 0.0002
    commit_s: float = 0.002  # while the row of the run is locked
    seed: int = 1


@dataclass(slots=True)
class Outcome:
    """What happened, in seconds and photos."""

    stored: int = 0
    repeated: int = 0  # tagged once more than needed
    lost: int = 0  # batches
    suspects: int = 0
    seconds: float = 0.0
    claims_over_s: float = 0.0  # when nothing was left to claim but suspects
    database_busy_s: float = 0.0
    transactions: int = 0
    waited_s: float = 0.0  # of all transactions, for the database
    finished: list[tuple[float, int]] = field(default_factory=list)  # when, and how many photos


class Queue:
    """The table of photos that wait, and the database around it."""

    def __init__(self, setup: Setup, env: simpy.Environment) -> None:
        self.setup, self.env, self.outcome = setup, env, Outcome()
        self.waiting = setup.photos
        self.suspects = 0
        self.expiring: list[tuple[float, int]] = []  # batches of the dead: when their lease ends, and photos
        self.writers = simpy.Resource(env, setup.writers)
        self.run_row = simpy.Resource(env, 1)

    @property
    def is_done(self) -> bool:
        return self.outcome.stored == self.setup.photos

    def claim(self) -> Generator[simpy.Event, Any, int]:
        """Claim a batch, or one suspect if no photo waits; 0 if there is neither now."""
        setup = self.setup
        yield from self._transaction(setup.claim_s + setup.claim_photo_s * min(setup.batch, self.waiting))
        if taken := min(setup.batch, self.waiting):
            self.waiting -= taken
            return taken
        self.outcome.claims_over_s = self.outcome.claims_over_s or self.env.now
        self._give_up_silent()
        taken = min(1, self.suspects)
        self.suspects -= taken
        return taken

    def store(self, photos: int) -> Events:
        yield from self._transaction(self.setup.store_s + self.setup.store_photo_s * photos, locks_run=True)
        self.outcome.stored += photos
        self.outcome.seconds = self.env.now
        self.outcome.finished.append((self.env.now, photos))

    def abandon(self, photos: int, *, done: int) -> None:
        """Leave a batch, of which some was done, to others: from the end of its lease on."""
        self.expiring.append((self.env.now + self.setup.lease_s, photos))
        self.outcome.lost += 1
        self.outcome.repeated += done

    def _give_up_silent(self) -> None:
        expired = sum(photos for at, photos in self.expiring if at <= self.env.now)
        self.expiring = [(at, photos) for at, photos in self.expiring if at > self.env.now]
        self.suspects += expired
        self.outcome.suspects += expired

    def _transaction(self, seconds: float, *, locks_run: bool = False) -> Events:
        asked = self.env.now
        with self.writers.request() as writer:
            yield writer
            self.outcome.transactions += 1
            self.outcome.waited_s += self.env.now - asked
            began = self.env.now
            yield self.env.timeout(seconds)
            if locks_run:
                with self.run_row.request() as row:
                    yield row
                    yield self.env.timeout(self.setup.commit_s)
            self.outcome.database_busy_s += self.env.now - began


@dataclass(slots=True)
class Hazard:
    """Something that stops a worker again and again: its death, or the sleep of its machine."""

    random_: random.Random
    mean_h: float
    lasts_s: float
    is_death: bool
    at: float = 0.0  # when it comes next

    def plan(self, now: float) -> None:
        self.at = now + (
            self.random_.expovariate(1 / self.mean_h) * 3600 if self.mean_h < float("inf") else self.mean_h
        )


def worker(queue: Queue, speed: float, random_: random.Random) -> Events:
    """One place in the fleet: a worker, and after its death its successor."""
    setup, env = queue.setup, queue.env
    death = Hazard(random_, setup.life_h, setup.restart_s, is_death=True)
    sleep = Hazard(random_, setup.sleep_h, setup.sleep_s, is_death=False)
    for hazard in (death, sleep):
        hazard.plan(env.now)
    while not queue.is_done:
        hazard = min(death, sleep, key=lambda hazard: hazard.at)
        if hazard.at <= env.now:  # nothing was in progress
            hazard.plan(env.now + hazard.lasts_s)
            yield env.timeout(hazard.lasts_s)
            continue
        photos = yield from queue.claim()
        if not photos:
            yield env.timeout(POLL_S)
            continue
        seconds = photos / speed
        if hazard.at < env.now + seconds:
            worked_s = max(0.0, hazard.at - env.now)
            yield env.timeout(worked_s)
            hazard.plan(env.now + hazard.lasts_s)
            if hazard.is_death or hazard.lasts_s > setup.lease_s:
                queue.abandon(photos, done=int(worked_s * speed))
                yield env.timeout(hazard.lasts_s)
                continue
            seconds += hazard.lasts_s - worked_s
        yield env.timeout(seconds)
        yield from queue.store(photos)


def simulate(setup: Setup) -> Outcome:
    """Run a fleet until every photo is stored."""
    env, random_ = simpy.Environment(), random.Random(setup.seed)
    queue = Queue(setup, env)
    for speed in speeds(setup):
        env.process(worker(queue, speed, random_))
    env.run()
    return queue.outcome


def speeds(setup: Setup) -> list[float]:
    """Photos/s of each worker."""
    slow = round(setup.slow * setup.workers)
    fast = setup.workers - slow
    return [setup.photos_per_s / setup.slowness] * slow + [setup.photos_per_s] * fast


BASE = Setup()
BESIDE = replace(BASE, writers=16)
DYING = replace(BESIDE, life_h=1.0)
SETUPS = [
    ("one write at a time, as today", BASE),
    ("… batches of 256", replace(BASE, batch=256)),
    ("… 100 workers", replace(BASE, workers=100)),
    ("… 100 that die once an hour", replace(BASE, workers=100, life_h=1.0)),
    ("16 writes at a time", BESIDE),
    ("… each worker dies once an hour", DYING),
    ("… and batches of 16", replace(DYING, batch=16)),
    ("… and batches of 256", replace(DYING, batch=256)),
    ("… and batches of 1024", replace(DYING, batch=1024)),
    ("… and a lease of 10 s", replace(DYING, lease_s=10.0)),
    ("… and a lease of 600 s", replace(DYING, lease_s=600.0)),
    ("… each machine sleeps 5 min an hour", replace(BESIDE, sleep_h=1.0)),
    ("… 1 disk in 20 is 10 × as slow", replace(BESIDE, slow=0.05)),
    ("… and batches of 1024", replace(BESIDE, slow=0.05, batch=1024)),
    ("… deaths, sleep and slow disks", replace(DYING, sleep_h=1.0, slow=0.05)),
    ("… 10,000 workers", replace(BESIDE, workers=10_000)),
]


def row(name: str, setup: Setup, outcome: Outcome) -> str:
    ideal_s = setup.photos / sum(speeds(setup))
    busy = outcome.database_busy_s / outcome.seconds / setup.writers
    tail_s = outcome.seconds - outcome.claims_over_s
    return (
        f"{name:<36} {outcome.seconds / 60:7.1f} {ideal_s / outcome.seconds:7.0%} {tail_s:7.0f} {outcome.lost:7,}"
        f" {outcome.repeated / setup.photos:9.3%} {busy:9.0%} {outcome.waited_s / outcome.transactions * 1000:8.1f}"
    )


def draw(outcomes: list[tuple[str, Outcome]], file: Path) -> None:
    """Photos/s over time, one line for each setup; the slowest one may leave the picture."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 4))
    *_, shown_s, longest_s = sorted(outcome.seconds for _, outcome in outcomes)
    for name, outcome in outcomes:
        rates = [0.0] * (int(outcome.seconds // INTERVAL_S) + 1)
        for at, photos in outcome.finished:
            rates[int(at // INTERVAL_S)] += photos / INTERVAL_S
        label = f"{name} ({longest_s / 60:.0f} minutes)" if outcome.seconds == longest_s else name
        axes.plot([number * INTERVAL_S / 60 for number in range(len(rates))], rates, label=label)
    axes.set(xlabel="minutes", ylabel="photos/s", xlim=(0, shown_s / 60), ylim=(0, None))
    axes.legend(fontsize="small")
    figure.savefig(file, metadata={"Date": None})


def main(*, photos: int = 5_000_000, plot: str = "") -> None:
    """Print the table.

    Args:
        photos: in all.
        plot: a file for the curves of some setups, such as docs/plots/claim_queue.svg.
    """
    print(f"{photos:,} photos\n")
    print(f"{'':<36} minutes of ideal  tail s batches      done database  wait for")
    print(f"{'1,000 workers':<36}                            lost     twice    busy    it ms")
    drawn: list[tuple[str, Outcome]] = []
    for name, setup in SETUPS:
        outcome = simulate(replace(setup, photos=photos))
        print(row(name, replace(setup, photos=photos), outcome), flush=True)
        if setup.workers == BASE.workers and setup.writers > 1 and setup.sleep_h == BASE.sleep_h and not setup.slow:
            drawn.append((name, outcome))
    if plot:
        draw(drawn, Path(plot))
