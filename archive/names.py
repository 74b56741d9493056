"""How folders and documents of the tree are named: readable by people, harmless to every file system.

Codes carry identity, labels are for people: in `Bail B01234 - DUPONT Marie` only `Bail B01234` says which lease it is.
Everything here is pure; what a sender wrote (a subject, the name of an attachment) comes out as one safe component.
"""

import re
import unicodedata
from datetime import date, datetime
from hashlib import sha256

import puremagic

COMPONENT_BYTES = 120  # eCryptfs and some NAS stop at 143 bytes
PATH_CHARACTERS = 200  # from the root; Windows stops at 260, drive and share included
FOLDER_CHARACTERS = 132  # leaves room for `.ged/`, a whole id and `.r10.json`
SHORT = 8  # characters of an id that people see
ATTACHMENT_ROOM = 24  # characters kept for the name of an attachment, whatever the title
EXTENSION_ROOM = 8
LEAST = 16  # characters that every folder keeps

BUILDINGS = "Immeubles"
OWNERS = "Propriétaires"
UNATTACHED = "Non rattachés"
ATTACHED = "PJ"  # pièces jointes
BLOCKED = ".bloqué"

# RFC 4648 groups of five bits in Crockford's alphabet: no i, l, o, u, which the telephone confuses.
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"

# What one file system or another refuses in a name, and what a reader sees instead.
_REPLACED = str.maketrans({"/": "-", "\\": "-", ":": "-", "*": "-", "?": "-", "|": "-", '"': "'", "<": "(", ">": ")"})
_DROPPED = frozenset({"Cc", "Cf", "Cs", "Co"})  # control, format (right-to-left, zero width), surrogate, private
_HOUR = re.compile(r"(?<=\d):(?=\d)")
# Names that Windows gives to devices, with any extension; it also reads the superscripts as digits.
_DEVICE = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])\s*(?:\.|$)", re.IGNORECASE)
_EXTENSION = re.compile(r"\.([A-Za-z0-9]{1,8})$")

# The extension of a media type that we wrote or received ourselves, and what senders' types stand for.
_OF_MEDIA_TYPE = {
    "message/rfc822": ".eml",
    "application/pdf": ".pdf",
    "application/json": ".json",
    "text/plain": ".txt",
    "text/html": ".html",
    "text/calendar": ".ics",
    "text/csv": ".csv",
    "text/vcard": ".vcf",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "application/zip": ".zip",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.oasis.opendocument.text": ".odt",
    "application/vnd.oasis.opendocument.spreadsheet": ".ods",
}
# puremagic's first answer, where the trade says it otherwise.
_USUAL = {
    ".jfif": ".jpg",
    ".jpeg": ".jpg",
    ".jpe": ".jpg",
    ".heif": ".heic",
    ".tiff": ".tif",
    ".dib": ".bmp",
    ".gcrd": ".vcf",
    ".htm": ".html",
}
# Formats that are text with an extension; their bytes show no signature.
_TEXTS = frozenset({".txt", ".csv", ".html", ".ics", ".vcf", ".eml", ".xml", ".json", ".md", ".log", ".rtf", ".svg"})
# Office documents are ZIP files: the bytes alone don't tell which.
_ZIPPED = frozenset({".docx", ".xlsx", ".pptx", ".odt", ".ods", ".odp", ".epub", ".zip"})
# What a double click would run, on one system or another.
_EXECUTABLE = frozenset({
    *(".exe", ".dll", ".sys", ".drv", ".scr", ".com", ".pif", ".cpl", ".msi", ".msp", ".gadget"),  # Windows: programs
    *(".bat", ".cmd", ".ps1", ".psm1", ".vbs", ".vbe", ".js", ".jse", ".wsf", ".wsh", ".hta"),  # its scripts
    *(".lnk", ".url", ".reg", ".chm", ".scf", ".inf"),  # and what starts others
    *(".jar", ".apk"),  # Java, Android
    *(".app", ".dmg", ".pkg"),  # macOS
    *(".sh", ".bash", ".py", ".pl", ".rb", ".elf", ".so", ".run", ".deb", ".rpm", ".appimage"),  # Unix
})  # fmt: skip
_PROGRAM_STARTS = (
    b"MZ",  # Windows
    b"\x7fELF",  # Linux
    b"#!",  # scripts
    b"\xca\xfe\xba\xbe",  # Java, macOS for several processors
    b"\xcf\xfa\xed\xfe",  # macOS, 64 bits
    b"\xce\xfa\xed\xfe",  # macOS, 32 bits
    b"L\0\0\0\x01\x14\x02\0",  # a shortcut of Windows
)
_LEAST_CONFIDENCE = 0.3  # puremagic: three bytes recognised; two are found in ordinary words ("BM", "PK")


def whole_id(digest: str) -> str:
    """The id of a pli, 52 characters, from the sha256 (hex) of its bytes: the same bytes always get the same id."""
    number = int(digest, 16) << 4  # 256 bits and 4 more make 52 groups of five
    return "".join(_ALPHABET[(number >> shift) & 31] for shift in range(255, -1, -5))


def component(text: str, characters: int = COMPONENT_BYTES) -> str:
    """One component of a path from any text: never empty, at most 120 bytes and that many characters. Idempotent."""
    return shorten(clean(text), characters)


def clean(text: str) -> str:
    """Any text without what a file system refuses or hides; `_` when nothing is left."""
    visible = "".join(c for c in " ".join(text.split()) if unicodedata.category(c) not in _DROPPED)
    safe = _HOUR.sub("h", unicodedata.normalize("NFC", visible)).translate(_REPLACED)
    # A leading dash is stripped with the dots and spaces: command-line tools would read an option.
    bare = " ".join(safe.split()).strip(" .-") or "_"
    return f"_{bare}" if _DEVICE.match(bare) else bare


def shorten(text: str, characters: int, octets: int = COMPONENT_BYTES) -> str:
    """The text, or as much of it as fits, then `~` and 6 hex digits of the sha256 of the whole."""
    if len(text) <= characters and len(text.encode()) <= octets:
        return text
    mark = "~" + sha256(text.encode()).hexdigest()[:6]
    head = text[: max(characters - len(mark), 0)].encode()[: max(octets - len(mark), 0)]
    return head.decode(errors="ignore").rstrip(" .-") + mark


def folded(text: str) -> str:
    """The form in which two names collide: many disks don't tell upper from lower case."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def _code(text: str) -> str:
    """A code is free of ` - `, which stands between it and its label."""
    return clean(text).replace(" - ", "-")


def _labelled(code: str, label: str, characters: int) -> str:
    """`code - label`; it is the label that gets shorter."""
    return component(f"{code} - {label}" if label.strip() else code, characters)


# --- folders, below the agency's; together with it they are cut to FOLDER_CHARACTERS by `fit`


def agency_folder(label: str) -> str:
    """`Régie Aubrelac [AG01]`, at most 28 characters, the code in brackets kept whole."""
    name, bracket, code = clean(label).rpartition(" [")
    if not bracket:
        return component(label, 28)
    tail = f" [{code}"
    return shorten(name, max(28 - len(tail), 7)) + tail


def lease_folder(code: str, building: str, place: str, lot: str, lease: str, tenant: str, year: int) -> tuple[str, ...]:
    """Where the letters about a lease stand. `place` is the city or the street: what tells two buildings apart."""
    known = ", ".join(text for text in (building.strip(), place.strip()) if text)
    return (
        BUILDINGS,
        _labelled(_code(code), known, 48),
        component(f"Lot {lot.strip()}" if lot.strip() else "Lot", 20),
        _labelled(f"Bail {_code(lease)}", tenant, 40),
        f"{year:04}",
    )


def owner_folder(name: str, year: int) -> tuple[str, ...]:
    """Where the letters of an owner stand."""
    return (OWNERS, component(name, 60), f"{year:04}")


def unattached_folder(day: date) -> tuple[str, ...]:
    """Where a letter stands that belongs to no lease and no owner, by the day it was received."""
    return (UNATTACHED, f"{day:%Y}", f"{day:%m}", f"{day:%d}")


def fit(path: tuple[str, ...]) -> tuple[str, ...]:
    """The same folder within FOLDER_CHARACTERS: its longest components get shorter, from their ends."""
    fitted = list(path)
    while (excess := len("/".join(fitted)) - FOLDER_CHARACTERS) > 0:
        longest = max(range(len(fitted)), key=lambda position: len(fitted[position]))
        if len(fitted[longest]) <= LEAST:
            raise ValueError(f"too many folders in {'/'.join(path)!r}: at most {FOLDER_CHARACTERS} characters in all")
        fitted[longest] = shorten(fitted[longest], max(len(fitted[longest]) - excess, LEAST))
    return tuple(fitted)


def identity(path: tuple[str, ...]) -> str:
    """What the last component of a folder's path (from the root of the tree) is known by: its code where it has one."""
    name = path[-1]
    if len(path) == 1 and name.endswith("]") and " [" in name:
        name = name[name.rindex(" [") :]
    elif len(path) in {3, 5} and path[1] == BUILDINGS:
        name = name.partition(" - ")[0]
    return folded(name)


# --- documents


def title(moment: datetime, direction: str, subject: str) -> str:
    """`2026-11-24 14h32 Reçu - Fuite salle de bain`: `moment` in the agency's own time, `direction` as people say."""
    said = " ".join(subject.split())
    return clean(f"{moment:%Y-%m-%d %Hh%M} {direction}{' - ' if said else ''}{said}")


def stem(title: str, short: str, folder_length: int, *, attachments: bool) -> str:
    """`<title> [<id>]`, as long as the path allows. `folder_length` counts the folder's characters and its slash."""
    tail = f" [{short}]"
    after = len(f" {ATTACHED}/") + ATTACHMENT_ROOM if attachments else EXTENSION_ROOM
    characters = PATH_CHARACTERS - folder_length - len(tail) - after
    return shorten(clean(title), characters, COMPONENT_BYTES - len(tail) - EXTENSION_ROOM) + tail


def document_name(stem: str, occurrence: int, media_type: str, content: bytes) -> str:
    """The file name of a document that is not an attachment; the second of a kind gets ` 2`."""
    ending = _OF_MEDIA_TYPE.get(media_type) or extension("", media_type, content)
    return f"{stem}{f' {occurrence}' if occurrence > 1 else ''}{ending}"


def attachment_name(number: int, name: str, media_type: str, content: bytes, characters: int) -> str:
    """`01 photo fuite.jpg` from what a sender wrote: the number makes it unique, the extension tells the bytes."""
    ending = extension(name, media_type, content)
    text = shorten(
        f"{number:02} {_without_extension(clean(name), ending)}".removesuffix(" _"),
        characters - len(ending),
        COMPONENT_BYTES - len(ending.encode()),
    )
    return text + ending


def extension(name: str, media_type: str, content: bytes) -> str:
    """The extension that the bytes deserve, with its dot; `.bloqué` follows what a double click would run."""
    declared = _declared(clean(name))
    if declared in _EXECUTABLE:
        return declared + BLOCKED
    if content.startswith(_PROGRAM_STARTS):
        return (".exe" if content.startswith(b"MZ") else ".bin") + BLOCKED
    detected = _detected((declared, _OF_MEDIA_TYPE.get(media_type, "")), content)
    return detected + BLOCKED if detected in _EXECUTABLE else detected


def _declared(name: str) -> str:
    """The extension that a name claims, in its usual spelling."""
    found = _EXTENSION.search(name)
    written = f".{found[1].lower()}" if found else ""
    return _USUAL.get(written, written)


def _without_extension(name: str, ending: str) -> str:
    """The name without the extension that it is about to get; another one stays, it may be a word (`note M.Dupont`)."""
    if _declared(name) and ending.startswith(_declared(name)):
        return clean(_EXTENSION.sub("", name))
    return name


def _detected(wanted: tuple[str, ...], content: bytes) -> str:
    """The first wanted extension that the bytes don't contradict, else the likeliest."""
    signatures = _signatures(content)
    zipped = not _ZIPPED.isdisjoint(signatures)
    for one in wanted:
        if one in signatures or (zipped and one in _ZIPPED):
            return one
    if signatures:
        return ".zip" if zipped else signatures[0]
    if b"\0" in content[:4096]:
        return ".bin"
    return next((one for one in wanted if one in _TEXTS), ".txt")


def _signatures(content: bytes) -> tuple[str, ...]:
    """Extensions whose signature the bytes bear, likeliest first."""
    try:
        matches = puremagic.magic_string(content)
    except (puremagic.PureError, ValueError):  # nothing known; nothing at all
        return ()
    likely = (match.extension.lower() for match in matches if match.confidence >= _LEAST_CONFIDENCE)
    return tuple(_USUAL.get(one, one) for one in likely if _EXTENSION.fullmatch(one))
