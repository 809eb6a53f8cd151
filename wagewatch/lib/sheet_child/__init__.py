"""The child process that parses spreadsheets from strangers: ``python -m wagewatch.lib.sheet_child``.

It imports no Django, gets no secrets in its environment, and runs under memory and CPU limits, so that
a hostile file costs one short-lived process.
"""
