"""What a phone's browser records, cut after its head."""

WEBM = b"\x1a\x45\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08B\x82\x84webm" + b"\0" * 400
"""The EBML head of a WebM file (RFC 8794, section 8.1) and silence."""
