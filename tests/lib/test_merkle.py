"""The tree against published vectors, the RFC's own definitions, and the golden trees of this repository."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.lib import rfc_tree
from wagewatch.lib import merkle
from wagewatch.lib.merkle import SHA256, SM3, ProofError

GOLDEN = Path(__file__).parents[1] / "golden" / "evidence" / "trees.json"

# The eight leaves and roots that the reference implementations of RFC 6962 share.
VECTOR_LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
VECTOR_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
VECTOR_PATHS = [  # leaf, size, path
    (0, 1, []),
    (
        0,
        8,
        [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        5,
        8,
        [
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (2, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
    (
        1,
        5,
        [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
]


def hashed(data, algorithm=SHA256):
    return [merkle.leaf_hash(item, algorithm) for item in data]


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_of_the_published_vectors(size):
    assert merkle.root(hashed(VECTOR_LEAVES[:size])).hex() == VECTOR_ROOTS[size]


@pytest.mark.parametrize(("index", "size", "expected"), VECTOR_PATHS)
def test_paths_are_those_of_the_published_vectors(index, size, expected):
    path = merkle.inclusion_proof(index, hashed(VECTOR_LEAVES[:size]))
    assert [part.hex() for part in path] == expected


def test_consistency_from_six_to_eight_is_the_published_vector():
    proof = merkle.consistency_proof(6, hashed(VECTOR_LEAVES))
    assert [part.hex() for part in proof] == [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]


def test_sm3_is_the_standards_example():
    assert SM3.digest(b"abc").hex() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"


def test_an_unknown_algorithm_is_refused():
    with pytest.raises(ValueError, match="md5"):
        merkle.algorithm_named("md5")


@pytest.mark.parametrize("algorithm", [SHA256, SM3])
def test_every_proof_up_to_33_leaves_is_the_definition_and_verifies(algorithm):
    data = [str(number).encode() for number in range(33)]
    leaves = hashed(data, algorithm)
    for size in range(1, 34):
        top = merkle.root(leaves[:size], algorithm)
        assert top == rfc_tree.mth(data[:size], algorithm.digest)
        for index in range(size):
            path = merkle.inclusion_proof(index, leaves[:size], algorithm)
            assert path == rfc_tree.path(index, data[:size], algorithm.digest)
            merkle.verify_inclusion(leaves[index], index, size, path, top, algorithm)
        for first in range(1, size + 1):
            proof = merkle.consistency_proof(first, leaves[:size], algorithm)
            assert proof == rfc_tree.proof(first, data[:size], algorithm.digest)
            before = merkle.root(leaves[:first], algorithm)
            merkle.verify_consistency(first, size, before, top, proof, algorithm)


def test_golden_trees_are_unchanged():
    for tree in json.loads(GOLDEN.read_text()):
        algorithm = merkle.algorithm_named(tree["hash"])
        size = tree["size"]
        leaves = hashed([f"leaf {number}".encode() for number in range(size)], algorithm)
        assert merkle.root(leaves, algorithm).hex() == tree["root"]
        for index, expected in enumerate(tree["inclusion"]):
            assert [p.hex() for p in merkle.inclusion_proof(index, leaves, algorithm)] == expected
        for first, expected in enumerate(tree["consistency"], start=1):
            assert [p.hex() for p in merkle.consistency_proof(first, leaves, algorithm)] == expected
        assert len(tree["inclusion"]) == len(tree["consistency"]) == size


def test_golden_trees_cover_sizes_0_to_17_in_both_hashes():
    trees = json.loads(GOLDEN.read_text())
    assert [(t["hash"], t["size"]) for t in trees] == [(h, n) for h in ("sha256", "sm3") for n in range(18)]


sizes = st.integers(1, 300)


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_a_changed_proof_leaf_index_or_root_is_refused(data):
    size = data.draw(sizes)
    index = data.draw(st.integers(0, size - 1))
    leaves = hashed([bytes([n % 256, n // 256]) for n in range(size)])
    top = merkle.root(leaves)
    path = merkle.inclusion_proof(index, leaves)
    merkle.verify_inclusion(leaves[index], index, size, path, top)
    wrong = [
        (leaves[index], index, size, path, merkle.leaf_hash(b"other root")),
        (merkle.leaf_hash(b"other leaf"), index, size, path, top),
        (leaves[index], index, size, [*path, top], top),
        (leaves[index], size, size, path, top),
        (leaves[index], -1, size, path, top),
    ]
    if path:
        at = data.draw(st.integers(0, len(path) - 1))
        bit = data.draw(st.integers(0, 255))
        flipped = bytes(b ^ (1 << bit % 8 if n == bit // 8 else 0) for n, b in enumerate(path[at]))
        wrong.append((leaves[index], index, size, [*path[:at], flipped, *path[at + 1 :]], top))
        wrong.append((leaves[index], index, size, path[:-1], top))
        wrong.append((leaves[index], index, size, path[1:], top))
        other = data.draw(st.integers(0, size - 1).filter(lambda n: n != index))
        wrong.append((leaves[index], other, size, path, top))
    for arguments in wrong:
        with pytest.raises(ProofError):
            merkle.verify_inclusion(*arguments)


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_a_changed_consistency_proof_is_refused(data):
    second = data.draw(st.integers(2, 300))
    first = data.draw(st.integers(1, second - 1))
    leaves = hashed([bytes([n % 256, n // 256]) for n in range(second)])
    old, new = merkle.root(leaves[:first]), merkle.root(leaves)
    proof = merkle.consistency_proof(first, leaves)
    merkle.verify_consistency(first, second, old, new, proof)
    changed_old, changed_new = merkle.leaf_hash(b"old"), merkle.leaf_hash(b"new")
    at = data.draw(st.integers(0, len(proof) - 1))
    for arguments in (
        (first, second, changed_old, new, proof),
        (first, second, old, changed_new, proof),
        (first, second, old, new, proof[:-1]),
        (first, second, old, new, [*proof, new]),
        (first, second, old, new, [*proof[:at], changed_new, *proof[at + 1 :]]),
        (second, first, new, old, proof),
    ):
        with pytest.raises(ProofError):
            merkle.verify_consistency(*arguments)


def test_the_empty_tree_and_equal_trees_agree_without_proof():
    leaves = hashed([b"a", b"b", b"c"])
    top = merkle.root(leaves)
    merkle.verify_consistency(0, 3, merkle.empty_root(), top, [])
    merkle.verify_consistency(3, 3, top, top, [])
    with pytest.raises(ProofError):
        merkle.verify_consistency(3, 3, top, leaves[0], [])
    with pytest.raises(ProofError):
        merkle.verify_consistency(0, 3, merkle.empty_root(), top, [top])
    with pytest.raises(ProofError):
        merkle.verify_consistency(0, 3, top, top, [])


def test_a_leaf_outside_the_tree_has_no_proof():
    for index in (-1, 3):
        with pytest.raises(ProofError):
            merkle.inclusion_spans(index, 3)
    with pytest.raises(ProofError):
        merkle.consistency_spans(4, 3)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 500), st.integers(0, 500))
def test_growing_the_right_edge_gives_the_same_tree_as_building_it_at_once(before, added):
    leaves = hashed([n.to_bytes(2, "big") for n in range(before + added)])
    whole = merkle.RightEdge()
    nodes = {(level, index): v for leaf in leaves for level, index, v in whole.append(leaf)}
    kept = [nodes[c] for c in merkle.right_edge_coordinates(before)]
    grown = merkle.RightEdge(SHA256, before, kept)
    for leaf in leaves[before:]:
        grown.append(leaf)
    assert grown.root() == whole.root() == merkle.root(leaves)
    assert grown.hashes == whole.hashes


def test_appending_costs_less_than_two_hashes_a_leaf_and_proofs_read_few_nodes():
    calls = 0

    def counted(data):
        nonlocal calls
        calls += 1
        return SHA256.digest(data)

    edge = merkle.RightEdge(merkle.Algorithm("sha256", counted))
    nodes = {}
    for number in range(100_000):
        for level, index, value in edge.append(number.to_bytes(32, "big")):
            nodes[(level, index)] = value
    assert calls < 100_000
    asked = []

    def read(coordinates):
        asked.append(len(coordinates))
        return {c: nodes[c] for c in coordinates}

    for index in (0, 1, 65_535, 65_536, 99_999):
        path = merkle.stored_inclusion_proof(index, 100_000, read)
        merkle.verify_inclusion(
            index.to_bytes(32, "big"), index, 100_000, path, merkle.stored_root(100_000, read)
        )
    assert max(asked) <= 2 * 17
