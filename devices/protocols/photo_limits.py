"""What counts as a picture from a gate, for all protocols."""

MAX_PHOTO = 4 * 1024 * 1024
"""The largest picture taken, in bytes; gate cameras send 20 to 300 kB."""
JPEG = b"\xff\xd8"
"""How a JPEG begins."""
