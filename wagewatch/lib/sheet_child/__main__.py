"""Read a file from stdin, write its sheets to stdout as MessagePack, within hard limits."""

import gc
import resource
import sys

import msgspec

from wagewatch.lib.sheet_child import guard
from wagewatch.lib.sheet_child.wire import Answer, Refused

MEMORY_BYTES = 1_500 * 1024 * 1024
OUTPUT_BYTES = 400 * 1024 * 1024


def read(data: bytes, filename: str, max_rows: int) -> Answer:
    """Recognise the file by its content and parse it; raises ``Refused``."""
    kind = guard.recognise(data, filename)
    if kind == "xlsx":
        from wagewatch.lib.sheet_child.xlsx import read_xlsx

        return read_xlsx(data, max_rows)
    if kind == "ods":
        from wagewatch.lib.sheet_child.ods import read_ods

        return read_ods(data, max_rows)
    if kind == "xls":
        from wagewatch.lib.sheet_child.excel import read_xls

        return read_xls(data, max_rows)
    if kind == "xml2003":
        from wagewatch.lib.sheet_child.xml2003 import read_xml2003

        return read_xml2003(data, max_rows)
    if kind == "html":
        from wagewatch.lib.sheet_child.html import read_html

        return read_html(data, max_rows)
    from wagewatch.lib.sheet_child.delimited import read_delimited

    return read_delimited(data, filename, max_rows)


def main() -> None:
    """Arguments: file name, row limit, CPU seconds."""
    filename, max_rows, seconds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (OUTPUT_BYTES, OUTPUT_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    gc.disable()  # one short job: collecting would only walk a million live cells again and again
    try:
        answer = read(sys.stdin.buffer.read(), filename, max_rows)
    except Refused as refused:
        answer = Answer(error=refused.code, facts=refused.facts)
    except (MemoryError, RecursionError):
        answer = Answer(error="file.too_heavy")
    sys.stdout.buffer.write(msgspec.msgpack.encode(answer))
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
