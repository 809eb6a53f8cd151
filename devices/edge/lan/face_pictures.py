"""Gives face gates that are called the pictures that people agreed to, and deletes them, with the gate's own word for it."""

import http.client
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from devices.client import Refused as ServerRefused
from devices.edge.lan.allowed import AGAIN
from devices.edge.lan.calls import Refused, Unreachable, call
from devices.edge.lan.known import Known
from devices.edge.lan.memory import NO_FACE, Enrolled
from devices.edge.lan.roll import FaceStep
from devices.protocols import hikvision, uface
from devices.protocols.errors import DeviceRefused, ProtocolError

Picture = Callable[[int, str], bytes | None]


class NoPicture(Unreachable):
    """The server cannot be asked for a picture now."""


def asked(picture: Picture, pin: str, name: str) -> bytes | None:
    """A person's picture from the server, None if the list has moved on. Raises NoPicture."""
    try:
        return picture(int(pin), name)
    except (OSError, http.client.HTTPException, ServerRefused) as problem:
        raise NoPicture(f"the server gives no picture: {type(problem).__name__}") from None


def after(known: Known, step: FaceStep, before: Enrolled, picture: Picture) -> Enrolled:
    """What the gate holds of a person after a step. Raises Unreachable if nobody knows, Refused, DeviceRefused and
    ProtocolError where it did not delete."""
    if not step.name:
        try:
            delete(known, step.pin)
        except (Refused, DeviceRefused, ProtocolError):
            # Firmware without the call: the person goes with the face, and is sent again at once.
            _drop_person(known, step.pin)
            if _has_face(known, step.pin):
                raise
            return replace(before, mark=AGAIN, face=NO_FACE)
        return replace(before, face=NO_FACE)
    data = asked(picture, step.pin, step.name)
    if data is None:
        return before
    try:
        _give(known, step, data)
    except (Refused, DeviceRefused, ProtocolError):
        return replace(before, face=f"!{step.name}")
    return replace(before, face=step.name)


def _give(known: Known, step: FaceStep, data: bytes) -> None:
    if known.protocol == "hikvision":
        hikvision.read_status(call(known, hikvision.put_face(step.pin, data)))
        return
    with suppress(DeviceRefused, Refused):  # it had none
        uface.read_answer(call(known, uface.drop_faces(known.password, step.pin)))
    uface.read_answer(call(known, uface.put_face(known.password, step.pin, step.name, data)))


def delete(known: Known, pin: str) -> None:
    """Delete a face; only a gate that has it no more, by its own list, has deleted it.

    Raises Unreachable (so Refused), DeviceRefused, ProtocolError.
    """
    refusal: Exception | None = None
    try:
        if known.protocol == "hikvision":
            hikvision.read_status(call(known, hikvision.drop_face(pin)))
        else:
            uface.read_answer(call(known, uface.drop_faces(known.password, pin)))
    except (Refused, DeviceRefused) as problem:  # as many say of somebody who has none
        refusal = problem
    is_there = _has_face(known, pin)
    if is_there or (is_there is None and refusal):
        raise refusal or DeviceRefused("face.stays", "it says done, and still has it")


def _has_face(known: Known, pin: str) -> bool | None:
    """What the gate says when asked; None for a model that cannot be asked."""
    try:
        if known.protocol == "hikvision":
            return hikvision.found_face(call(known, hikvision.find_face(pin)), pin)
        return uface.found_faces(call(known, uface.find_faces(known.password, pin))) > 0
    except (Refused, DeviceRefused):
        return None


def _drop_person(known: Known, pin: str) -> None:
    if known.protocol == "hikvision":
        hikvision.read_status(call(known, hikvision.drop_person(pin)))
    else:
        uface.read_answer(call(known, uface.drop_person(known.password, pin)))
