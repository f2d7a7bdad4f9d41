"""An XMP document is parsed strictly, and keeps what is not ours."""

from __future__ import annotations

import pytest

from tagger.core.errors import SidecarError
from tagger.export.xmp.packet import EMPTY, Packet
from tagger.export.xmp.properties import CITY, SUBJECT, TAGS_LIST
from tests.export.xmp.written import bag, sidecar

RDF = '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>'
REFUSED = {
    "empty": b"",
    "blank": b" \n\t ",
    "zeros": bytes(200),
    "truncated": sidecar(bag("dc:subject", "a")).encode()[:-40],
    "cut in a tag": sidecar(bag("dc:subject", "a")).encode()[:300],
    "twice the same attribute": sidecar().replace('rdf:about=""', 'rdf:about="" rdf:about=""').encode(),
    "document type": b"<!DOCTYPE x>" + sidecar().encode(),
    "entity": b'<!DOCTYPE x [<!ENTITY e "boo">]>' + sidecar(bag("dc:subject", "&e;")).encode(),
    "external entity": b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
    + sidecar(bag("dc:subject", "&e;")).encode(),
    "unknown entity": sidecar(bag("dc:subject", "&nbsp;")).encode(),
    "two roots": sidecar().encode() * 2,
    "garbage behind": sidecar().encode() + b"\0\0\0x",
    "not UTF-8": sidecar(bag("dc:subject", "caf?")).encode().replace(b"?", b"\xe9"),
    "unknown encoding": b'<?xml version="1.0" encoding="x-klingon"?>' + sidecar().encode(),
    "unbound prefix": sidecar("<no:where>1</no:where>").encode(),
    "no XMP": b"<html><body>404</body></html>",
    "JSON": b'{"a": 1}',
    "two RDFs": sidecar().replace("</x:xmpmeta>", f"{RDF}</x:xmpmeta>").encode(),
    "control character": sidecar(bag("dc:subject", "a\x01b")).encode(),
    "a bomb": (
        '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
        + "".join(f'<!ENTITY {chr(98 + n)} "{"&" + chr(97 + n) + ";"}{"&" + chr(97 + n) + ";"}">' for n in range(20))
        + "]>"
        + sidecar(bag("dc:subject", "&u;"))
    ).encode(),
}
ENCODINGS = {
    "UTF-8": ("", "utf-8"),
    "UTF-8 with a mark": ("\ufeff", "utf-8"),
    "UTF-16": ("", "utf-16"),
    "UTF-16 declared": ('<?xml version="1.0" encoding="UTF-16"?>\n', "utf-16"),
    "UTF-16 big": ('\ufeff<?xml version="1.0" encoding="UTF-16"?>\n', "utf-16-be"),
    "Latin-1": ('<?xml version="1.0" encoding="ISO-8859-1"?>\n', "latin-1"),
    "Windows-1252": ("<?xml version='1.0' encoding='windows-1252' standalone='yes'?>\n", "cp1252"),
    "ASCII": ('<?xml version="1.0" encoding="US-ASCII"?>', "ascii"),
}
AROUND = '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>\n<!-- by hand -->\n\n', '\n  <?xpacket end="w"?>\n\n\n'


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_not_sound_is_refused(kind: str) -> None:
    with pytest.raises(SidecarError, match=r"^it "):
        Packet(REFUSED[kind])


@pytest.mark.parametrize(
    "body",
    [
        "<dc:subject>a</dc:subject>",
        "<dc:subject><rdf:Bag/><rdf:Bag/></dc:subject>",
        bag("dc:subject", "a") + bag("dc:subject", "b"),
        '<dc:subject rdf:resource="http://example.org/"/>',
        '<dc:subject rdf:nodeID="words"/>',
        '<dc:subject odd:kind="x"/>',
        '<dc:subject><rdf:Bag rdf:_1="a"/></dc:subject>',
        "<dc:subject><rdf:Bag><rdf:_1>a</rdf:_1></rdf:Bag></dc:subject>",
    ],
)
def test_a_list_that_is_none_is_refused(body: str) -> None:
    with pytest.raises(SidecarError, match=r"dc:subject"):
        Packet(sidecar(body).encode()).extend(SUBJECT, ["b"])


@pytest.mark.parametrize("kind", ENCODINGS)
def test_an_encoding_and_what_is_around_the_root_stay(kind: str) -> None:
    declaration, codec = ENCODINGS[kind]
    text = "cafe" if codec == "ascii" else "café"
    before, after = AROUND
    data = (declaration + before + sidecar(bag("dc:subject", text)) + after).encode(codec)
    packet = Packet(data)
    packet.extend(SUBJECT, ["Łódź"])
    changed = packet.encode()
    assert Packet(changed).items(SUBJECT) == [text, "Łódź"]
    decoded = changed.decode(codec)
    original = data.decode(codec)
    assert decoded.startswith(original[: original.index("<x:xmpmeta")])
    assert decoded.endswith(original[original.index("</x:xmpmeta>") :])


def test_comments_instructions_and_unknown_content_stay() -> None:
    odd = (
        '<!-- in it --><?pi some data?><odd:deep rdf:parseType="Resource"><odd:a>1</odd:a><odd:b rdf:resource="x"/>'
        "</odd:deep><odd:cdata><![CDATA[<&>]]></odd:cdata><darktable:history_params>gz09eJx</darktable:history_params>"
    )
    packet = Packet(sidecar(odd + bag("dc:subject", "a<!-- why -->")).encode())
    packet.extend(SUBJECT, ["b"])
    packet.set(CITY, "Paris")
    text = packet.encode().decode()
    assert odd in text
    assert "a<!-- why -->" in text
    assert packet.items(SUBJECT) == ["a", "b"]


def test_properties_are_found_in_every_description_and_as_attributes() -> None:
    second = (
        '<rdf:Description xmlns:p="http://ns.adobe.com/photoshop/1.0/" xmlns:d="http://purl.org/dc/elements/1.1/" '
        f'p:City="Rome">{bag("d:subject", "a")}</rdf:Description>'
    )
    packet = Packet(sidecar().replace("</rdf:RDF>", second + "</rdf:RDF>").encode())
    assert (packet.text(CITY), packet.items(SUBJECT)) == ("Rome", ["a"])
    packet.remove(CITY)
    assert not packet.has(CITY)


def test_a_list_of_another_kind_is_extended() -> None:
    packet = Packet(sidecar(bag("dc:subject", "a", container="Seq") + '<digiKam:TagsList xml:lang="de"/>').encode())
    packet.extend(SUBJECT, ["b"])
    packet.extend(TAGS_LIST, ["c"])
    assert (packet.items(SUBJECT), packet.items(TAGS_LIST)) == (["a", "b"], ["c"])


def test_an_empty_rdf_gets_a_description() -> None:
    packet = Packet(RDF.encode())
    assert packet.is_empty
    packet.set(CITY, "Paris")
    assert Packet(packet.encode()).text(CITY) == "Paris"


def test_a_new_document_is_empty_and_one_with_a_property_is_not() -> None:
    packet = Packet(EMPTY)
    assert packet.is_empty
    packet.set(CITY, "Paris")
    assert not packet.is_empty
