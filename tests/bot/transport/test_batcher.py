"""Photos of several people in one batch."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

pytest.importorskip("telegram", reason="the extra 'bot' is not installed")

from db.engine import Store, open_store
from db.rows import RunStart
from db.write.runs import start_run
from tagger.bot.batcher import MicroBatcher
from tagger.bot.db_executor import DbExecutor
from tagger.core.run_options import Limits
from tagger.core.types import Failed, Result
from tagger.image.loader import InProcessLoader, IsCancelled, LoadedPhoto, NeededPart, PhotoLoader
from tagger.library.recorder import register
from tagger.model.predictor import Tagger
from tagger.serving.model_thread import ModelThread
from tests.drawn import ColourEngine, colour_bundle, photos

START = RunStart("colour", "CPU", "float32", "for tests", ("telegram",), 3, "1")


class Vanishing:
    """Loads photos; the file of one is gone right after that."""

    def __init__(self, loader: PhotoLoader, gone: Path) -> None:
        self._loader = loader
        self._gone = gone

    def load(self, path: str, needed_part: NeededPart, is_cancelled: IsCancelled | None = None) -> LoadedPhoto:
        loaded = self._loader.load(path, needed_part, is_cancelled)
        if path == str(self._gone):
            self._gone.unlink()
        return loaded


def tag_at_once(folder: Path, engine: ColourEngine, paths: list[Path], vanishing: Path = Path("none")) -> list[Result]:
    """Tag photos that arrive at the same moment."""

    tagger = Tagger(colour_bundle(folder / "bundle"), engine, Limits())
    loader = Vanishing(InProcessLoader(tagger.bundle.card.input, tagger.limits), vanishing)

    async def all_at_once(store: Store) -> list[Result]:
        db, number = DbExecutor(store), register(store, tagger.bundle)
        run = await db.write(lambda connection: start_run(connection, START, model=number))
        with ModelThread(tagger, loader, k=3, gather_ms=2000) as model:
            batcher = MicroBatcher(model, store, db, model_id=number, run_id=run)
            try:
                return await asyncio.gather(*(batcher.tag(str(path)) for path in paths))
            finally:
                batcher.close()
                db.close()

    with open_store(f"sqlite:///{folder}/tags.sqlite") as store:
        return asyncio.run(all_at_once(store))


@pytest.mark.slow
def test_photos_that_come_together_are_one_batch(tmp_path: Path) -> None:
    engine, paths = ColourEngine(batch_size=6), photos(tmp_path / "photos", 6)
    results = tag_at_once(tmp_path, engine, paths)
    assert [result.path for result in results] == [str(path) for path in paths]
    assert (engine.photos_seen, engine.largest_batch) == (6, 6)


@pytest.mark.slow
def test_copies_in_a_batch_are_inferred_once(tmp_path: Path) -> None:
    engine, (path,) = ColourEngine(batch_size=5), photos(tmp_path / "photos", 1)
    results = tag_at_once(tmp_path, engine, [path] * 5)
    assert len({result.answer for result in results}) == 1
    assert engine.photos_seen == 1


@pytest.mark.slow
def test_a_file_that_is_missing_fails_one_photo_and_not_its_batch(tmp_path: Path) -> None:
    engine, paths = ColourEngine(batch_size=6), photos(tmp_path / "photos", 6)
    paths[1].unlink()
    results = tag_at_once(tmp_path, engine, paths, vanishing=paths[4])
    kinds = [type(result.answer) for result in results]
    assert kinds[1] is Failed
    assert Failed not in kinds[:1] + kinds[2:]
    assert engine.photos_seen == 5
