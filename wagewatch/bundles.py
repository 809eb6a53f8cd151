"""Style sheets kept small by component and served as a few files, put together from static/css.

A static files finder, so it works with the development server, WhiteNoise and collectstatic alike.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage

_DESKTOP = (
    "nav head button level chain panel stats lead table tabs bar tiles chart kv message field rail across "
    "timeline steps parties firms actbar map colmap dialog empty calendar matrix signature file contract "
    "portrait menu terminal flow said cases check"
)
_WORKER = "button level message field dialog signature file contract"
BUNDLES: dict[str, tuple[str, ...]] = {
    "bundle/desktop.css": ("tokens", "base", *(f"components/{name}" for name in _DESKTOP.split()), "print"),
    "bundle/worker.css": (
        "tokens",
        "base",
        *(f"components/{name}" for name in _WORKER.split()),
        "worker",
        "print",
    ),
    "bundle/sign.css": (
        "tokens",
        "base",
        *(f"components/{name}" for name in ("nav", "button", "message", "field", "level")),
        "sign",
    ),
    "bundle/wall.css": ("tokens", "base", "components/level", "components/tiles", "components/chart", "wall"),
    "bundle/board.css": ("tokens", "base", "components/level", "board"),
}


def sources(name: str) -> list[Path]:
    """The files that a bundle is made of, in their order."""
    return [settings.BASE_DIR / "static" / "css" / f"{part}.css" for part in BUNDLES[name]]


def build(name: str) -> str:
    """The text of a bundle: comments and spare white space gone."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources(name))
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    text = re.sub(r"[ \t\r\n]+", " ", text)
    return re.sub(r" ?([{};,]) ?", r"\1", text).replace(";}", "}").strip() + "\n"


class BundleFinder(BaseFinder):
    """Finds bundle/*.css, writing a bundle again when one of its parts is newer."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.root = Path(settings.VAR_DIR) / "bundles"
        self.storage = FileSystemStorage(location=str(self.root))

    def check(self, **kwargs: Any) -> list[Any]:
        return []

    def _made(self, name: str) -> Path:
        path = self.root / name
        newest = max(p.stat().st_mtime_ns for p in [*sources(name), Path(__file__)])
        if not path.exists() or path.stat().st_mtime_ns < newest:
            path.parent.mkdir(parents=True, exist_ok=True)
            draft = path.with_suffix(f".{id(self)}.tmp")
            draft.write_text(build(name), encoding="utf-8")
            draft.replace(path)
        return path

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        found = str(self._made(path)) if path in BUNDLES else None
        return ([found] if found else []) if find_all else (found or [])

    def list(self, ignore_patterns: Any) -> Iterator[tuple[str, FileSystemStorage]]:
        for name in BUNDLES:
            self._made(name)
            yield name, self.storage
