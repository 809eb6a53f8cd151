"""Where benchmarks leave their figures: printed, and one JSON line each under var/benchmarks/."""

import json
from typing import Any

from django.conf import settings


def keep(name: str, figures: dict[str, Any]) -> None:
    """Print a benchmark's figures and append them to var/benchmarks/NAME.jsonl."""
    folder = settings.BASE_DIR / "var" / "benchmarks"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{name}.jsonl").open("a", encoding="utf-8") as out:
        out.write(json.dumps(figures, ensure_ascii=False) + "\n")
    print(f"\n{name}: " + ", ".join(f"{key} {value}" for key, value in figures.items()))
