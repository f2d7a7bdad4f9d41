"""Sidecars that other programs made: by exiv2 and exiftool, and by hand in their odd forms."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tests.export.xmp.written import bag, sidecar

HISTORY = "gz12eJxjYGBgYAFiCQYYOOHEgAZY0QWAgBGLGANDgz0Ej1Q+dlAx68oBEMbFxwX+AwGIBgCbGCeh"
DARKTABLE = f"""<?xml version="1.0" encoding="UTF-8"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="XMP Core 4.4.0-Exiv2">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:lr="http://ns.adobe.com/lightroom/1.0/"
    xmlns:darktable="http://darktable.sf.net/"
   xmp:Rating="3"
   darktable:xmp_version="5"
   darktable:history_end="2">
   <dc:subject>
    <rdf:Seq>
     <rdf:li>sea</rdf:li>
    </rdf:Seq>
   </dc:subject>
   <lr:hierarchicalSubject>
    <rdf:Seq>
     <rdf:li>nature|sea</rdf:li>
    </rdf:Seq>
   </lr:hierarchicalSubject>
   <darktable:history>
    <rdf:Seq>
     <rdf:li
      darktable:num="0"
      darktable:operation="rawprepare"
      darktable:params="{HISTORY}"
      darktable:multi_name=""/>
     <rdf:li
      darktable:num="1"
      darktable:operation="exposure"
      darktable:params="{HISTORY}"/>
    </rdf:Seq>
   </darktable:history>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
"""
BODY = bag("dc:subject", "sea", "Zoë") + "<odd:deep rdf:parseType='Resource'><odd:a>1</odd:a></odd:deep>"
PACKET = '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
BY_HAND: dict[str, bytes] = {
    "darktable": DARKTABLE.encode(),
    "compact": sidecar(BODY).encode(),
    "in a packet": (PACKET + sidecar(BODY) + "\n" + " " * 2000 + '\n<?xpacket end="w"?>').encode(),
    "comments": (PACKET + "<!-- a -->" + sidecar("<!-- b -->" + BODY + "<?pi c?>") + "<!-- d -->").encode(),
    "carriage returns": DARKTABLE.replace("\n", "\r\n").encode(),
    "marked": b"\xef\xbb\xbf" + sidecar(BODY).encode(),
    "UTF-16": ('<?xml version="1.0" encoding="UTF-16"?>' + sidecar(BODY)).encode("utf-16"),
    "UTF-16 big": ('\ufeff<?xml version="1.0" encoding="UTF-16"?>' + sidecar(BODY)).encode("utf-16-be"),
    "Latin-1": ('<?xml version="1.0" encoding="ISO-8859-1"?>' + sidecar(BODY)).encode("latin-1"),
    "another prefix": sidecar(bag("D:subject", "sea")).replace("xmlns:dc=", "xmlns:D=").encode(),
    "a stranger's prefix": sidecar("<dc:Eiffel>x</dc:Eiffel>").replace("elements/1.1/", "other#").encode(),
    "a place": sidecar("<photoshop:City>Lyon</photoshop:City><photoshop:State>Rhône</photoshop:State>").encode(),
    "a position": sidecar("<exif:GPSLatitude>45,45.1N</exif:GPSLatitude>").encode(),
    "about a document": sidecar(BODY, about="uuid:faf5bdd5-ba3d-11da-ad31-d33d75182f1b").encode(),
    "no list yet": sidecar("<odd:flag>True</odd:flag>").encode(),
    "empty": sidecar().encode(),
}
REGION = (
    "{AppliedToDimensions={W=4000,H=3000,Unit=pixel},RegionList=["
    "{Name=Ann,Type=Face,Area={X=0.5,Y=0.4,W=0.1,H=0.12,Unit=normalized}},"
    "{Name=Bob|, Jr.,Type=Face,Area={X=0.2,Y=0.4,W=0.1,H=0.12,Unit=normalized}}]}"
)
EXIFTOOL: tuple[tuple[str, ...], ...] = (
    ("-XMP-dc:Subject=sea", "-XMP-dc:Subject=Zoë & <co>", "-XMP-xmp:Rating=4"),
    ("-XMP-mwg-rs:RegionInfo=" + REGION, "-XMP-lr:HierarchicalSubject=People|Ann"),
    ("-XMP-digiKam:TagsList=People/Ann", "-XMP-dc:Title=A title", "-XMP-dc:Title-de=Ein Titel"),
    ("-XMP-photoshop:City=Paris", "-XMP-iptcExt:LocationShownCity=Paris", "-XMP-xmpMM:DerivedFromDocumentID=x"),
    ("-XMP-exif:GPSLatitude=48.1", "-XMP-exif:GPSLongitude=11.5", "-XMP-exif:GPSLatitudeRef=N"),
    ("-XMP-crs:Version=15.0", "-XMP-crs:ToneCurve=0, 0", "-XMP-crs:ToneCurve=255, 255", "-XMP-crs:Exposure2012=+0.35"),
    ("-XMP-microsoft:LastKeywordXMP=Family/Ann", "-XMP-mediapro:CatalogSets=Sea|Boat"),
)
EXIV2: tuple[tuple[str, ...], ...] = (
    ("set Xmp.dc.subject XmpBag sea", "set Xmp.xmp.Label XmpText Red", "set Xmp.dc.description lang=de Ein Bild"),
    ("set Xmp.digiKam.TagsList XmpSeq Nature/Sea", "set Xmp.photoshop.Country XmpText France"),
    ("set Xmp.lr.hierarchicalSubject XmpBag Nature|Sea", "set Xmp.iptcExt.PersonInImage XmpBag Ann"),
    (
        "reg darktable http://darktable.sf.net/",
        "set Xmp.darktable.xmp_version XmpText 5",
        "set Xmp.darktable.history_modversion XmpSeq 1",
    ),
    ("set Xmp.exif.GPSLatitude XmpText 48,6.0N", "set Xmp.exif.GPSLongitude XmpText 11,30.0E"),
)


def make_foreign(paths: Sequence[Path]) -> None:
    """Make sidecars: a third each by exiftool, by exiv2 and by hand."""
    by_hand, exiftool, exiv2 = paths[::3], paths[1::3], paths[2::3]
    for path, content in zip(by_hand, _repeated(list(BY_HAND.values()), len(by_hand)), strict=True):
        path.write_bytes(content)
    edit_with_exiftool(zip(exiftool, _repeated(EXIFTOOL, len(exiftool)), strict=True))
    for path, commands in zip(exiv2, _repeated(EXIV2, len(exiv2)), strict=True):
        path.write_text(sidecar())
        edit_with_exiv2(path, commands)


def edit_with_exiftool(edits: Iterable[tuple[Path, Sequence[str]]]) -> None:
    """Change files; those that are not there are made."""
    lines: list[str] = []
    for path, arguments in edits:
        lines += ["-q", "-overwrite_original", *arguments, str(path), "-execute"]
    subprocess.run(["exiftool", "-@", "-"], input="\n".join(lines), text=True, check=True, capture_output=True)


def edit_with_exiv2(path: Path, commands: Sequence[str]) -> None:
    options = [f"-M{command}" for command in commands]
    subprocess.run(["exiv2", *options, str(path)], check=True, capture_output=True)


def read_with_exiftool(paths: Sequence[Path]) -> dict[str, dict[str, Any]]:
    """What exiftool reads in sidecars, by their names."""
    command = ["exiftool", "-json", "-G1", "-a", "-struct", "-n", "-XMP:all", "-@", "-"]
    found = subprocess.run(command, input="\n".join(map(str, paths)), text=True, check=False, capture_output=True)
    rows = json.loads(found.stdout or "[]")
    return {Path(row.pop("SourceFile")).name: row for row in rows}


def read_with_exiv2(path: Path) -> dict[str, str]:
    """What exiv2 reads in a sidecar: values by type and name."""
    done = subprocess.run(["exiv2", "-PXkyt", str(path)], check=False, capture_output=True)
    rows = (line.split(None, 2) for line in done.stdout.decode("utf-8", "replace").splitlines())
    return {f"{row[1]} {row[0]}": row[2].strip() if len(row) > 2 else "" for row in rows if len(row) > 1}


def _repeated(values: Sequence[Any], count: int) -> list[Any]:
    return [values[number % len(values)] for number in range(count)]
