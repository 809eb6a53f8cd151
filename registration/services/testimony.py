"""What a person says with a photo or a voice note: checked by its content, small, kept encrypted."""

import hashlib
import io
from datetime import datetime

from django.utils.translation import gettext_lazy as _
from PIL import Image

from registration.actors import Actor
from registration.models import StoredFile
from registration.services.files import upright_picture
from wagewatch.lib.errors import Malformed

LARGEST_VOICE = 2 * 1024 * 1024
"""A minute of speech is some 200 kB as phones record it in a browser, up to 1 MB from older recorders."""
LARGEST_PHOTO = 12 * 1024 * 1024
LONGEST_SIDE = 1600
_HEAD = 96


def voice_type(data: bytes) -> str:
    """The content type of a recording by its first bytes. Raises Malformed `voice.kind`.

    What phones record: WebM (Chrome), Ogg (Firefox), MP4 (Safari), AMR and MP3 from recorder apps, WAV.
    """
    head = data[:_HEAD]
    if head.startswith(b"\x1a\x45\xdf\xa3") and b"webm" in head:
        return "audio/webm"
    if head.startswith(b"OggS") and (b"OpusHead" in head or b"vorbis" in head):
        return "audio/ogg"
    if head[4:8] == b"ftyp" and head[8:12] in {b"M4A ", b"mp42", b"mp41", b"isom", b"iso5", b"iso6", b"3gp4"}:
        return "audio/mp4"
    if head.startswith(b"#!AMR"):
        return "audio/amr"
    if head.startswith(b"RIFF") and head[8:12] == b"WAVE":
        return "audio/wav"
    if head.startswith(b"ID3") or head[:2] in {b"\xff\xfb", b"\xff\xf3", b"\xff\xf2"}:
        return "audio/mpeg"
    raise Malformed("voice.kind", _("This is no voice recording. Record it again."))


def keep_voice(data: bytes, *, actor: Actor, now: datetime) -> StoredFile | None:
    """Keep a voice note; None where nothing was recorded. Raises Malformed `voice.kind`, `voice.too_large`.

    Call it in the transaction of the record that points to the file.
    """
    if not data:
        return None
    if len(data) > LARGEST_VOICE:
        raise Malformed("voice.too_large", _("The recording is too long. Say it in one minute."))
    kind = voice_type(data)
    return _keep(data, StoredFile.Kind.VOICE, f"voice.{kind.partition('/')[2]}", kind, actor, now)


def keep_photo(data: bytes, *, actor: Actor, now: datetime) -> StoredFile | None:
    """Keep a photo, drawn anew at 1600 pixels at most: place and device written into the file stay out of it.

    None where none was taken. Raises Malformed `file.kind`, `picture.…`, `photo.too_large`.
    """
    if not data:
        return None
    if len(data) > LARGEST_PHOTO:
        raise Malformed("photo.too_large", _("This photo is too large. Take it with less resolution."))
    picture = upright_picture(data).convert("RGB")
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=82, optimize=True)
    return _keep(out.getvalue(), StoredFile.Kind.PHOTO, "photo.jpg", "image/jpeg", actor, now)


def _keep(data: bytes, kind: str, name: str, content_type: str, actor: Actor, now: datetime) -> StoredFile:
    return StoredFile.objects.create(
        kind=kind,
        name=name,
        content_type=content_type,
        size=len(data),
        sha256=hashlib.sha256(data).digest(),
        content=data,
        uploaded_by_id=actor.id if actor.kind == "user" else None,
        uploaded_at=now,
    )
