"""An XMP document: parsed strictly, changed in single properties, and written with everything else as it was.

The one rule: what is not sound is refused, never repaired. Only this module uses lxml.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator, Sequence
from xml.parsers import expat

from lxml import etree

from tagger.core.errors import SidecarError
from tagger.export.xmp.properties import NAMESPACES, Property, qualified

MAX_BYTES = 16 << 20  # of a sidecar; darktable's with many masks take 1 MB
RDF = qualified("rdf", "RDF")
XML = "{http://www.w3.org/XML/1998/namespace}"  # of xml:lang, which changes no list
LIST_ITEM = qualified("rdf", "li")
CONTAINERS = tuple(qualified("rdf", name) for name in ("Bag", "Seq", "Alt"))
TOOLKIT = "Landmark Tagger"
NOT_WRITTEN = ("x", "rdf", "MicrosoftPhoto", "mediapro")  # in properties
DECLARED = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES.items() if prefix not in NOT_WRITTEN)
EMPTY = f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="{NAMESPACES["x"]}" x:xmptk="{TOOLKIT}">
 <rdf:RDF xmlns:rdf="{NAMESPACES["rdf"]}">
  <rdf:Description rdf:about="" {DECLARED}>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>
""".encode()


class Packet:
    """A parsed document.

    Args:
        data: its bytes, in any encoding that they declare.

    Raises:
        SidecarError: it is not well-formed XMP, or has a document type.
    """

    def __init__(self, data: bytes = EMPTY) -> None:
        if len(data) > MAX_BYTES:
            raise SidecarError(f"it is larger than {MAX_BYTES >> 20} MB")
        start, end = _root_span(data)
        self._head, self._tail = data[:start], data[end:]
        parser = etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True, strip_cdata=False)
        try:
            self._root = etree.fromstring(data, parser)
        except (etree.XMLSyntaxError, ValueError) as error:
            raise SidecarError(f"it is not well-formed XML: {error}") from error
        self._encoding = _encoding(data, self._root.getroottree().docinfo.encoding)
        found = [self._root] if self._root.tag == RDF else self._root.findall(RDF)
        if len(found) != 1:
            raise SidecarError("it is not XMP: it needs exactly one rdf:RDF")
        self._rdf = found[0]

    def encode(self) -> bytes:
        """The document in its own encoding; what is around its root is as it was, byte for byte."""
        root = etree.tostring(self._root, encoding=self._encoding, xml_declaration=False, with_tail=False)
        assert isinstance(root, bytes)
        return self._head + root + self._tail

    def has(self, item: Property) -> bool:
        """Whether a property is there, in whatever form."""
        return self._attribute_owner(item) is not None or self._element(item) is not None

    def text(self, item: Property) -> str | None:
        """The value of a simple property."""
        if (owner := self._attribute_owner(item)) is not None:
            return owner.get(item.tag)
        element = self._element(item)
        return None if element is None else _value(element).strip()

    def items(self, item: Property) -> list[str]:
        """The values of a list; empty if it is missing."""
        container = self._container(item)
        return [] if container is None else [_value(entry) for entry in _entries(container)]

    def set(self, item: Property, value: str) -> None:
        """Add a simple property that is not there."""
        element = self._new(item)
        element.text = value
        self._add(element)

    def extend(self, item: Property, values: Sequence[str]) -> None:
        """Add values to the end of a list, which is made if it is missing."""
        if not values:
            return
        container = self._container(item)
        if container is None:
            element = self._element(item)
            made = self._new(item) if element is None else element
            container = etree.SubElement(made, qualified("rdf", item.container or "Bag"))
            _fill(container, values)
            if element is None:
                etree.indent(made, " ", level=_depth(self._rdf) + 2)
                self._add(made)
        else:
            _fill(container, values)

    def remove_values(self, item: Property, values: Iterable[str]) -> None:
        """Remove values from a list, each once."""
        container, unwanted = self._container(item), list(values)
        for entry in [] if container is None else list(_entries(container)):
            if (value := _value(entry)) in unwanted:
                unwanted.remove(value)
                _remove(entry)

    def remove(self, item: Property) -> None:
        """Remove a property."""
        if (owner := self._attribute_owner(item)) is not None:
            del owner.attrib[item.tag]
        if (element := self._element(item)) is not None:
            _remove(element)

    @property
    def is_ours(self) -> bool:
        """Whether no other program has written the document since it was created here."""
        return self._root.get(qualified("x", "xmptk")) == TOOLKIT

    @property
    def is_empty(self) -> bool:
        """Whether it has no properties."""
        about = qualified("rdf", "about")
        return all(not len(node) and not set(node.attrib) - {about, "about"} for node in self._nodes())

    def _nodes(self) -> Iterator[etree._Element]:
        """The descriptions, among which the properties are spread."""
        return (node for node in self._rdf if isinstance(node.tag, str))

    def _element(self, item: Property) -> etree._Element | None:
        found = [element for node in self._nodes() for element in node.findall(item.tag)]
        if len(found) > 1 or (found and any(item.tag in node.attrib for node in self._nodes())):
            raise SidecarError(f"it has {item} twice")
        return found[0] if found else None

    def _attribute_owner(self, item: Property) -> etree._Element | None:
        found = [node for node in self._nodes() if item.tag in node.attrib]
        if len(found) > 1:
            raise SidecarError(f"it has {item} twice")
        return found[0] if found else None

    def _container(self, item: Property) -> etree._Element | None:
        """A list's Bag, Seq or Alt; None if the list is missing or has none."""
        element = self._element(item)
        children = [] if element is None else [child for child in element if isinstance(child.tag, str)]
        if self._attribute_owner(item) is not None or (element is not None and not _is_list(element, children)):
            raise SidecarError(f"its {item} is not a list")
        return children[0] if children else None

    def _new(self, item: Property) -> etree._Element:
        return etree.Element(item.tag, nsmap={item.prefix: NAMESPACES[item.prefix]})

    def _add(self, element: etree._Element) -> None:
        node = next(self._nodes(), None)
        if node is None:
            node = etree.SubElement(self._rdf, qualified("rdf", "Description"), {qualified("rdf", "about"): ""})
        _append(node, element)


def _root_span(data: bytes) -> tuple[int, int]:
    """Where the root begins and ends. Refuses a document type before lxml sees it."""
    ends: list[int] = []
    depth = 0
    parser = expat.ParserCreate()

    def start(_name: str, _attributes: object) -> None:
        nonlocal depth
        depth += 1
        if not ends:
            ends.append(parser.CurrentByteIndex)

    def end(_name: str) -> None:
        nonlocal depth
        depth -= 1
        if not depth:
            ends.append(parser.CurrentByteIndex)

    def refuse(*_: object) -> None:
        raise SidecarError("it has a document type, which XMP does not allow")

    parser.StartElementHandler, parser.EndElementHandler, parser.StartDoctypeDeclHandler = start, end, refuse
    if not data.strip(b"\0 \t\r\n"):
        raise SidecarError("it is empty")
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise SidecarError(f"it is not well-formed XML: {error}") from error
    codec = _encoding(data, "latin-1")  # in which a byte is a character, and ">" is where it is in all others
    rest = data[ends[1] :].decode(codec, "replace")
    if not rest.startswith("</"):  # the root has no content, and this is behind it
        return ends[0], ends[1]
    return ends[0], ends[1] + len(rest[: rest.index(">") + 1].encode(codec))


def _encoding(data: bytes, declared: str | None) -> str:
    """The encoding of a document's bytes. That of UTF-16 names the byte order, so that no mark is written."""
    if data.startswith((codecs.BOM_UTF16_LE, b"<\0")):
        return "UTF-16LE"
    if data.startswith((codecs.BOM_UTF16_BE, b"\0<")):
        return "UTF-16BE"
    return declared or "UTF-8"


def _is_list(element: etree._Element, children: Sequence[etree._Element]) -> bool:
    """Whether a property is at most a list; an entry added to a reference (rdf:resource) would make it unsound."""
    attributes = [str(name) for node in (element, *children) for name in node.attrib]
    if _has_text(element) or not all(name.startswith(XML) for name in attributes):
        return False
    entries = (entry.tag for child in children for entry in child if isinstance(entry.tag, str))
    return len(children) <= 1 and all(child.tag in CONTAINERS for child in children) and set(entries) <= {LIST_ITEM}


def _entries(container: etree._Element) -> Iterator[etree._Element]:
    return (entry for entry in container if entry.tag == LIST_ITEM)


def _value(entry: etree._Element) -> str:
    return "".join(map(str, entry.itertext()))


def _has_text(element: etree._Element) -> bool:
    return any((text or "").strip() for text in (element.text, *(child.tail for child in element)))


def _fill(container: etree._Element, values: Sequence[str]) -> None:
    for value in values:
        entry = etree.Element(LIST_ITEM)
        entry.text = value
        _append(container, entry)


def _append(parent: etree._Element, child: etree._Element) -> None:
    """Add a child, on a line of its own if those before it are."""
    if len(parent):
        child.tail, parent[-1].tail = parent[-1].tail, parent.text
    else:
        depth = _depth(parent)
        parent.text, child.tail = "\n" + " " * (depth + 1), "\n" + " " * depth
    parent.append(child)


def _depth(element: etree._Element) -> int:
    return sum(1 for _ in element.iterancestors())


def _remove(element: etree._Element) -> None:
    """Remove an element; the line break before it goes too."""
    parent, before = element.getparent(), element.getprevious()
    assert parent is not None
    if before is not None:
        before.tail = element.tail
    elif element.getnext() is None:
        parent.text = None
    parent.remove(element)


def root_of(data: bytes) -> bytes:
    """The root of a document, without what is around it.

    Raises:
        SidecarError: it is not well-formed XML.
    """
    return data[slice(*_root_span(data))]


def decoded(data: bytes) -> str:
    """A document as text for people."""
    return data.decode(_encoding(data, "UTF-8"), "replace")
