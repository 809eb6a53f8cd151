"""The permission table: (method, URL name, role) to what the role gets. Read it as the promise to each role.

200 the page; `go` done, and sent on; `in` sent to sign-in; 400 and 409 got past the door to the form or the rule;
403 sees the object but may not do this; 404 does not exist for this role. A method that has no row is 405; `-`
is not checked, since it depends on what else runs. The log's checkpoints are 404 while nothing is published.
One file an area under table/, each with the same heading.
"""

from pathlib import Path

_FILES = sorted((Path(__file__).parent / "table").glob("*.txt"))
HEADING: list[str] = _FILES[0].read_text().split("\n", 1)[0].split()
LINES: list[list[str]] = []
"""Method, name and a cell for each role of the heading."""
for _file in _FILES:
    _heading, *_lines = [line.split() for line in _file.read_text().splitlines() if line.strip()]
    assert _heading == HEADING, f"{_file.name} names other roles"
    LINES += _lines
