"""The Ministry's SAM identity-card reader: bytes to records and back. No port, no clock, no thread in here.

`frames` finds frames in a stream, `codes` names commands and states, `replies` and `cards` take a reply apart,
`machine` decides what is sent next. Figures and traps are explained beside the code that answers them.
"""
