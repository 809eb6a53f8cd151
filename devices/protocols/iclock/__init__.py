"""ZKTeco push ("iclock", ADMS) over HTTP: one URL space, three dialects.

`att` attendance terminals (Attendance PUSH 2.4.1), `pid` terminals with an identity-card reader (the same with
ID numbers and lists), `acc` access control (Security PUSH 3.x). Clause numbers in this package are those of
the maker's two documents of these names.
"""
