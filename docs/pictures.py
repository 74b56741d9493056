"""Draws the pictures of docs/gestionnaires.md from what the program really says: `python -m docs.pictures [FOLDER]`.

The demonstration's agency reads its letters, the mails that follow are composed, and a headless Chromium shows them as
wide as a telephone and as a screen. Nothing is sent. Chromium must be installed (`CHROMIUM` names another one).
"""

import base64
import html
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

from PIL import Image, ImageChops

from archive import whereabouts
from archive.incoming import Arrival
from archive.records import Case, Outgoing, database
from daemon import clock, pipeline
from daemon.app import App, open_app
from daemon.demo import agency
from daemon.demo.letters import first_post, mail_of, parsed
from daemon.sending.compose import Composer
from daemon.sending.dossier import open_dossiers
from daemon.sending.identifiers import Signer, load_secret

IMAGES = Path(__file__).parent / "images"
WIDTHS = (360, 1200)
TALLEST = 4000  # pixels of a picture before the blank below is cut off
COLOURS = 32  # enough for text and a bar chart, and a tenth of the bytes
MINE, MANAGER = "M1", "h.castaing@ravel-tournon.test"
LEAK = "Fuite sous"
HEAD = "font:14px sans-serif;color:#333;background:#eef1f4;padding:10px 14px;border-bottom:1px solid #ccd3da"
FOLDER = '<span style="display:inline-block;width:14px;height:10px;background:#e0b24f;border-radius:2px"></span>'
LIST = "list-style:none;padding-left:18px;line-height:1.9"


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with _agency() as app:
        notice, folders = _composed(app, _notice(), clock.now()), _tree(app)
        morning = _monday(app)
        _weeks_before(morning)
        app.watchers["digest"](morning)
        digest = _composed(app, _last("notice_digest"), morning)
        pages = {"avis": _shown(notice), "matin": _shown(digest)}
        for name, page in pages.items():
            for width in WIDTHS:
                _draw(page, folder / f"{name}-{width}.png", width)
        _draw(folders, folder / "dossiers.png", 360)


# --- an agency with its post


@contextmanager
def _agency() -> Iterator[App]:
    with tempfile.TemporaryDirectory() as folder:
        app = open_app(agency.settle(Path(folder), imap_port=1, smtp_port=1, password=""))
        try:
            now = clock.now()
            for number, one in enumerate(first_post()):
                raw = mail_of(one, app.config.agency.address, now)
                app.desk.incoming.receive(raw, Arrival("lmtp", now, now, lmtp_id=str(number)))
            pipeline.work(app.desk)
            yield app
        finally:
            app.desk.incoming.close()
            database.close()


def _monday(app: App) -> datetime:
    """Eight o'clock of the second working day from now: some letters wait, some are late."""
    calendar = app.desk.house().calendars[""]
    return calendar.instant(calendar.working_days_after(calendar.local(clock.now()).date(), 2), 8 * 60)


def _weeks_before(morning: datetime) -> None:
    """What a month leaves: answers in time and late, a due time that has passed, others that are near."""
    cases = list(Case.select().order_by(Case.ref))
    others = [case for case in cases if case.manager_id != MINE]
    for number, case in enumerate(others):
        answered = morning - timedelta(days=2 + number**2 // 8)
        due = answered + timedelta(days=-1 if number in {2, 6, 7} else 1)
        times = {"answered_at": answered, "due_at": due, "received_at": due - timedelta(days=3)}
        _set(case, manager=MINE, status="answered", **times)
    for case, hours in zip((case for case in cases if case.manager_id == MINE), (-20, 4, 6), strict=False):
        _set(case, due_at=morning + timedelta(hours=hours), received_at=morning + timedelta(hours=hours - 72))


def _set(case: Case, **columns: object) -> None:
    Case.update(columns).where(Case.ref == case.ref).execute()


def _notice() -> Outgoing:
    case = Case.get(Case.subject.startswith(LEAK))
    found: Outgoing = Outgoing.get(Outgoing.case == case.ref, Outgoing.template == "notice_case")
    return found


def _last(template: str) -> Outgoing:
    mine = (Outgoing.template == template) & (Outgoing.recipient == MANAGER)
    found: Outgoing = Outgoing.select().where(mine).order_by(Outgoing.id.desc()).get()
    return found


def _composed(app: App, row: Outgoing, now: datetime) -> EmailMessage:
    composer = Composer(app.config, Signer(load_secret(app.config.storage.state)), app.bytes_of)
    return parsed(composer.compose(open_dossiers([row], app.config)[0], now).raw)


# --- as a mail program shows them


def _shown(mail: EmailMessage) -> str:
    """Its page, with the pictures inside, under the lines that say who writes and about what."""
    body = mail.get_body(("html",))
    page = str(body.get_content()) if body is not None else ""
    for part in mail.walk():
        if part["Content-ID"]:
            content = base64.b64encode(part.get_content()).decode()
            page = page.replace(f"cid:{str(part['Content-ID']).strip('<>')}", f"data:image/png;base64,{content}")
    sender, subject = (html.escape(str(mail[name])) for name in ("From", "Subject"))
    start, tag, rest = page.partition("<body")
    opening, end, rest = rest.partition(">")
    return f'{start}{tag}{opening}{end}<div style="{HEAD}">{sender}<br><b>{subject}</b></div>{rest}'


def _tree(app: App) -> str:
    """The folders of the mailbox, with the letters that the cases have put there."""
    names = app.config.mailbox[0].folders.model_dump()
    held = Counter(names[place] for case in Case.select() if (place := whereabouts.shelves_of(str(case.ref))[0]))
    rows = [(name, held[name]) for name in names.values()]
    inside = {name.partition("/")[0] for name in names.values() if "/" in name}
    lines = []
    for name, count in rows:
        parent, _, leaf = name.partition("/")
        if parent in inside:
            inside.discard(parent)
            lines.append(f"<li>{FOLDER} {html.escape(parent)}</li>")
        indent = ' style="padding-left:26px"' if leaf else ""
        number = f" <b>({count})</b>" if count else ""
        lines.append(f"<li{indent}>{FOLDER} {html.escape(leaf or name)}{number}</li>")
    return f'<meta charset="utf-8"><body style="font:15px sans-serif"><ul style="{LIST}">{"".join(lines)}</ul>'


def _draw(page: str, picture: Path, width: int) -> None:
    """In a frame: a headless window is never as narrow as a telephone."""
    program = os.environ.get("CHROMIUM", "chromium")
    with tempfile.TemporaryDirectory() as folder:
        inner, outer, shot = (Path(folder) / name for name in ("page.html", "frame.html", "shot.png"))
        inner.write_text(page, "utf-8")
        frame = f'<iframe src="page.html" style="border:0;width:{width}px;height:{TALLEST}px"></iframe>'
        outer.write_text(f'<body style="margin:0">{frame}', "utf-8")
        command = [program, "--headless", "--no-sandbox", "--hide-scrollbars", f"--user-data-dir={folder}/profile"]
        command += [f"--screenshot={shot}", f"--window-size={max(width, 500)},{TALLEST}", outer.as_uri()]
        subprocess.run(command, check=True, timeout=120, stderr=subprocess.DEVNULL)  # noqa: S603  the one that was named
        with Image.open(shot) as image:
            _cut(image.convert("RGB").crop((0, 0, width, TALLEST))).quantize(COLOURS).save(picture, optimize=True)


def _cut(image: Image.Image) -> Image.Image:
    """Without the blank below."""
    blank = Image.new("RGB", image.size, image.getpixel((0, image.height - 1)))
    box = ImageChops.difference(image, blank).getbbox()
    return image.crop((0, 0, image.width, min(image.height, (box[3] if box else 0) + 12)))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else IMAGES)
