#!/usr/bin/env python3
# -*- coding: utf-8 -*-
"""The one entry point.

`python3 manage.py demo` and `python3 manage.py test` need nothing but Python; every other command is Django's.
Nothing in this file may be newer than Python 3.6, so that an old interpreter can still say what is wrong.
"""

import os
import shutil
import subprocess
import sys

MINIMUM = (3, 11)
NEWER = ("python3.11", "python3.12", "python3.13")


def newer_python():
    """Another interpreter on this machine that is new enough and really starts, or None."""
    check = "import sys; sys.exit(sys.version_info < %r)" % (MINIMUM,)
    for name in NEWER:
        path = getattr(shutil, "which", lambda name: None)(name)  # Python 2 has none
        if (
            path
            and subprocess.call([path, "-c", check], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            == 0
        ):
            return path
    return None


def main():
    if sys.version_info < MINIMUM:
        path = newer_python()
        if path:
            os.execv(path, [path, os.path.abspath(__file__)] + sys.argv[1:])  # noqa: S606, RUF005
        sys.stderr.write(
            "Python 版本过低（%d.%d），请安装 3.11 或更新版本。\n" % sys.version_info[:2]
            + "Python %d.%d is too old: wagewatch needs Python 3.11 or newer.\n" % sys.version_info[:2]
        )
        return 2
    from wagewatch import bootstrap

    code = bootstrap.main(sys.argv)
    if code is None:
        from django.core.management import execute_from_command_line

        execute_from_command_line(sys.argv)
        code = 0
    return code


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wagewatch.settings")
    sys.exit(main())
