"""A bank of our own for the demo and the tests: pain.001 in; pain.002, camt.054, .053 and .052 out.

`python -m payroll.bank.simulator` runs it as a process that knows nothing of our database. `bank.Bank` is
the same bank in a Python process, with the time as an argument.
"""
