"""What a terminal is told at the handshake (Attendance PUSH 3, Security PUSH 7.1 and 7.5)."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from devices.protocols.iclock.rtlog import zk_seconds

ERROR_DELAY = 30
"""Seconds until a terminal tries again after a failure (documents: 30 to 300)."""
REQUEST_DELAY = 5
"""Seconds between two questions for commands: bounds how long a door command waits (documents: 2 to 60)."""
NETWORK_TIMEOUT = 10
"""Seconds an access terminal waits for an answer."""
TRANSFER_INTERVAL = 1
"""Minutes between two looks for records that real-time upload missed."""
TRANSFER_TIMES = "00:00;14:05"
ATT_VERSION, ACC_VERSION = "2.4.1", "3.0.1"
"""Protocol versions we claim. Below 2.4.0 there is no ID number in ATTLOG; from 3.1.1 terminals may encrypt."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the site decides. `utc_offset` is the zone of the wall clock; `resend_all` asks for every record."""

    utc_offset: timedelta = timedelta(hours=8)
    request_delay: int = REQUEST_DELAY
    resend_all: bool = False
    photos: bool = True


def zone_option(offset: timedelta) -> int:
    """TimeZone: hours within 12 either way, minutes for the rest (+5:30 is 330, +13 is 780)."""
    minutes = round(offset.total_seconds() / 60)
    hours, odd = divmod(minutes, 60)
    return minutes if odd or abs(hours) > 12 else hours


def att_options(serial: str, settings: Settings) -> str:
    """The block after `GET OPTION FROM:`. Templates are not asked for; stamps only matter as 0 (send all)."""
    stamp = "0" if settings.resend_all else "None"
    flags = ["AttLog", "OpLog", *(["AttPhoto"] if settings.photos else []), "EnrollUser", "ChgUser"]
    lines = (
        f"GET OPTION FROM: {serial}",
        f"ATTLOGStamp={stamp}",
        f"OPERLOGStamp={'0' if settings.resend_all else '9999'}",
        f"ATTPHOTOStamp={stamp}",
        f"ErrorDelay={ERROR_DELAY}",
        f"Delay={settings.request_delay}",
        f"TransTimes={TRANSFER_TIMES}",
        f"TransInterval={TRANSFER_INTERVAL}",
        "TransFlag=TransData " + "\t".join(flags),
        f"TimeZone={zone_option(settings.utc_offset)}",
        "Realtime=1",
        "Encrypt=None",
        f"ServerVer={ATT_VERSION}",
        f"PushProtVer={ATT_VERSION}",
        "SupportPing=1",
    )
    return "\n".join(lines) + "\n"


def acc_options(settings: Settings, session: str, *, registry_code: str = "") -> str:
    """The parameters of an access terminal; with the registry code if it is registered (7.1), else for push (7.5)."""
    head = (
        ["registry=ok", f"RegistryCode={registry_code}", "ServerVersion=3.0.1", "ServerName=ADMS"]
        if registry_code
        else ["ServerVersion=3.0.1", "ServerName=ADMS"]
    )
    lines = (
        *head,
        f"{'PushProtVer' if registry_code else 'PushVersion'}={ACC_VERSION}",
        f"ErrorDelay={ERROR_DELAY}",
        f"RequestDelay={settings.request_delay}",
        f"TransTimes={TRANSFER_TIMES}",
        f"TransInterval={TRANSFER_INTERVAL}",
        "TransTables=User Transaction",
        "Realtime=1",
        f"SessionID={session}",
        f"TimeoutSec={NETWORK_TIMEOUT}",
    )
    return "\n".join(lines) + "\n"


def token_of(registry_code: str, serial: str, session: str) -> str:
    """The cookie of an access terminal: MD5 of the three, in hexadecimal (7.5). No proof of anything: all
    three travel in the clear."""
    text = f"{registry_code}{serial}{session}".encode()
    return hashlib.md5(text, usedforsecurity=False).hexdigest()


def clock_answer(now: datetime, settings: Settings) -> str:
    """What `rtdata?type=time` is told: GMT as the maker counts, and our zone (12.5.1)."""
    minutes = round(settings.utc_offset.total_seconds() / 60)
    sign = "-" if minutes < 0 else "+"
    zone = f"{sign}{abs(minutes) // 60:02d}{abs(minutes) % 60:02d}"
    return f"DateTime={zk_seconds(now.astimezone(UTC))},ServerTZ={zone}"
