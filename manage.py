#!/usr/bin/env python3
"""The one entry point.

`python3 manage.py demo` and `python3 manage.py test` need nothing but Python; every other command is Django's.
Nothing below may be newer than Python 3.6 syntax, so that an old interpreter can still say what is wrong.
"""

import os
import sys

MINIMUM = (3, 11)


def main():
    if sys.version_info < MINIMUM:
        sys.stderr.write(
            "Python %d.%d is too old: wagewatch needs Python 3.11 or newer. Try `python3.11 manage.py ...`.\n"
            % sys.version_info[:2]
        )
        sys.stderr.write("Python 版本过低，请使用 3.11 或更新版本。\n")
        return 2
    from wagewatch import bootstrap

    return bootstrap.main(sys.argv)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wagewatch.settings")
    sys.exit(main())
