"""Checkpoints as text: golden notes at every size, and what is refused."""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from wagewatch.evidence import notes
from wagewatch.evidence.notes import NoteError

GOLDEN = Path(__file__).parents[1] / "golden" / "evidence"
SIGNER = Ed25519PrivateKey.from_private_bytes(bytes(range(32, 64)))
ORIGIN = "wagewatch.test/golden"
KEY = notes.verifier_of(ORIGIN, SIGNER)


def golden(name):
    return json.loads((GOLDEN / name).read_text(encoding="utf-8"))


def test_golden_checkpoints_are_unchanged_and_verify():
    """Ed25519 has no randomness: the same tree gives the same note, byte for byte."""
    kept = golden("checkpoints.json")
    trees = golden("trees.json")
    assert kept["key"] == str(KEY)
    assert len(kept["notes"]) == len(trees) == 36
    for note, tree in zip(kept["notes"], trees, strict=True):
        root = bytes.fromhex(tree["root"])
        assert notes.sign_checkpoint(ORIGIN, tree["size"], root, tree["hash"], SIGNER) == note
        opened = notes.open_checkpoint(note, KEY)
        assert (opened.size, opened.root, opened.algorithm) == (tree["size"], root, tree["hash"])


NOTE = notes.sign_checkpoint(ORIGIN, 7, bytes(32), "sha256", SIGNER)


@pytest.mark.parametrize(
    "change",
    [
        ("\n7\n", "\n8\n"),
        ("\n7\n", "\n07\n"),
        ("\n7\n", "\n-7\n"),
        ("\n7\n", "\n7 \n"),
        ("\n7\n", "\n" + "7" * 40 + "\n"),
        ("AAAA=", "AAAB="),
        ("AAAA=\n", "AAAA=\nhash md5\n"),
        ("AAAA=\n", "AAAA=\nmore\n"),
        (ORIGIN, "wagewatch.test/other"),
        ("\n\n", "\n"),
        ("— ", "- "),
        ("wagewatch", "wagewatch\ud800"),
    ],
)
def test_a_changed_note_is_refused(change):
    changed = NOTE.replace(*change)
    assert changed != NOTE
    with pytest.raises(NoteError):
        notes.open_checkpoint(changed, KEY)


@pytest.mark.parametrize(
    "note", ["", "\n", "\n\n", "\n\n\n", "a\nb\nc\n\n— x y\n", "— ", NOTE[:-1], NOTE[:-9]]
)
def test_what_is_no_note_is_refused(note):
    with pytest.raises(NoteError):
        notes.open_checkpoint(note, KEY)


def test_a_second_signature_by_a_witness_does_no_harm():
    witness = notes.sign_checkpoint("witness.test", 1, bytes(32), "sha256", SIGNER).split("\n")[-2]
    assert notes.open_checkpoint(NOTE + witness + "\n", KEY).size == 7
    first, last = NOTE.rsplit("\n— ", 1)
    assert notes.open_checkpoint(f"{first}\n{witness}\n— {last}", KEY).size == 7
