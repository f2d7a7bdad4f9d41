"""`POST /api/v1/suggest`: the answer to a photo that is sent."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator

import httpx
import pytest

from db.read.statistics import statistics
from tagger.core.run_options import Limits
from tagger.image.decoder_pool import DecoderPool
from tests.drawn import COLOURS, bomb, card, jpeg
from tests.web.conftest import Gallery, Start

SUGGEST = "/api/v1/suggest"


def test_a_photo_is_answered_with_the_json_line(client: httpx.Client) -> None:
    answer = client.post(SUGGEST, files={"photo": ("rock.jpg", jpeg(COLOURS["red_rock"]))})
    line = answer.json()
    assert answer.status_code == 200
    assert (line["path"], line["status"], line["suggestions"][0]["landmark"]) == ("rock.jpg", "tagged", "red_rock")
    assert len(line["suggestions"]) == 3


def test_a_photo_that_is_sent_is_not_stored(gallery: Gallery, client: httpx.Client) -> None:
    client.post(SUGGEST, files={"photo": ("rock.jpg", jpeg())})
    with gallery.store.read() as connection:
        assert statistics(connection).photos == 0


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"no photo", jpeg()[:300]])
def test_a_photo_that_cannot_be_read_is_the_client_s_fault(client: httpx.Client, content: bytes) -> None:
    answer = client.post(SUGGEST, files={"photo": ("broken.jpg", content)})
    assert (answer.status_code, answer.json()["status"]) == (422, "failed")
    assert answer.json()["error"]["kind"] in ("empty", "unsupported", "truncated", "corrupt")


@pytest.mark.process
def test_a_bomb_is_refused_by_a_decoder_process(start: Start) -> None:
    with DecoderPool(card().input, Limits(threads=1, max_pixels=75_000_000), timeout_s=60) as decoders:
        gallery = start(decoders)
        with gallery.client() as client:
            refused = client.post(SUGGEST, files={"photo": ("bomb.png", bomb())})
            answered = client.post(SUGGEST, files={"photo": ("rock.jpg", jpeg())})
    assert (refused.status_code, refused.json()["error"]["kind"]) == (413, "too_large")
    assert answered.status_code == 200


def test_photos_that_come_together_share_batches(gallery: Gallery) -> None:
    async def send(client: httpx.AsyncClient, number: int) -> httpx.Response:
        return await client.post(SUGGEST, files={"photo": (f"{number}.jpg", jpeg(size=(40 + number, 40)))})

    async def send_all() -> list[httpx.Response]:
        async with httpx.AsyncClient(base_url=gallery.url, trust_env=False, timeout=60) as client:
            return await asyncio.gather(*(send(client, number) for number in range(32)))

    answers = asyncio.run(send_all())
    assert {answer.status_code for answer in answers} == {200}
    assert [json.loads(answer.text)["path"] for answer in answers] == [f"{number}.jpg" for number in range(32)]
    assert gallery.engine.photos_seen == 32
    assert gallery.engine.largest_batch > 1


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"Content-Type": "multipart/form-data"}, b"--x\r\n"),
        ({"Content-Type": "multipart/form-data; boundary=x"}, b"--y\r\n\r\nnothing"),
        ({"Content-Type": "multipart/form-data; boundary=x"}, b"--x\r\nContent-Disposition: form-data\r\n\r\n"),
        ({"Content-Type": "text/plain"}, b"photo"),
        ({}, b""),
    ],
)
def test_a_malformed_form_is_the_client_s_fault(client: httpx.Client, headers: dict[str, str], body: bytes) -> None:
    assert client.post(SUGGEST, headers=headers, content=body).status_code in (400, 422)


def test_an_upload_that_is_too_large_is_refused_by_its_length(start: Start) -> None:
    with start(web_max_upload_bytes=10_000).client() as client:
        refused = client.post(SUGGEST, files={"photo": ("large.jpg", bytes(200_000))})
    assert refused.status_code == 413


def test_an_upload_that_does_not_say_its_length_is_refused_where_it_becomes_too_large(start: Start) -> None:
    head = b'--x\r\nContent-Disposition: form-data; name="photo"; filename="a"\r\n\r\n'
    sent = 0

    def chunks() -> Iterator[bytes]:
        nonlocal sent
        yield head
        for _ in range(1000):
            sent += 1
            yield bytes(10_000)

    with start(web_max_upload_bytes=10_000).client() as client:
        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        try:
            assert client.post(SUGGEST, headers=headers, content=chunks()).status_code == 413
        except httpx.TransportError:  # the connection is closed while it still sends
            assert sent < 1000
