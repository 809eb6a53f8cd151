"""Writing ISO 20022 XML as a stream of elements in one default namespace."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from io import BytesIO
from typing import Any

from lxml import etree


def format_amount(amount_fen: int) -> str:
    """Fen as ISO 20022 writes an amount: 648000 -> "6480.00"."""
    return str(Decimal(amount_fen).scaleb(-2).quantize(Decimal("0.01")))


class XmlWriter:
    """Elements of one namespace on a stream; escaping is the library's business."""

    def __init__(self, stream: Any, buffer: BytesIO, namespace: str) -> None:
        self._stream = stream
        self._buffer = buffer
        self._namespace = namespace

    @contextmanager
    def into(self, *names: str) -> Iterator[None]:
        """Open the elements one inside the other for the length of the block."""
        with self._stream.element(f"{{{self._namespace}}}{names[0]}"):
            if len(names) > 1:
                with self.into(*names[1:]):
                    yield
            else:
                yield

    def put(self, value: str, *names: str, **attributes: str) -> None:
        """Write a text at the end of a path of new elements; attributes go on the first of them."""
        with self._stream.element(f"{{{self._namespace}}}{names[0]}", **attributes):
            if len(names) > 1:
                self.put(value, *names[1:])
            else:
                self._stream.write(value)

    def write_many(self, elements: Iterable[str]) -> None:
        """Write elements that are XML already, each text in them by `escaped`: for what stands there by the thousand."""
        self._stream.flush()
        self._buffer.writelines(element.encode() for element in elements)


def escaped(value: str) -> str:
    """A text as content of an element; control characters are not for XML and must not come here."""
    return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def write_document(version: str, write: Callable[[XmlWriter], None]) -> bytes:
    """A whole Document of a message version ("pain.001.001.09"), its content written by `write`."""
    namespace = f"urn:iso:std:iso:20022:tech:xsd:{version}"
    buffer = BytesIO()
    with etree.xmlfile(buffer, encoding="UTF-8") as stream:
        stream.write_declaration()
        with stream.element(f"{{{namespace}}}Document", nsmap={None: namespace}):
            write(XmlWriter(stream, buffer, namespace))
    return buffer.getvalue()
