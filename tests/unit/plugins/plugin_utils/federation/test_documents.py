# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading YAML with lines and bounds."""

from __future__ import annotations

import pytest

from ansible_collections.infn.datacloud.plugins.plugin_utils.federation.documents import MAX_BYTES, read


def _read(tmp_path, content):
    path = tmp_path / "x.yml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read(path, "x.yml")


def test_values_have_the_types_of_yaml(tmp_path):
    document = _read(tmp_path, "a: 1\nb: [x, true, 1.5, ~, '1', 2026-01-01]\nc: {d: {}}\non: yes\n")
    assert document.data == {"a": 1, "b": ["x", True, 1.5, None, "1", "2026-01-01"], "c": {"d": {}}, "on": True}
    assert document.problems == []


def test_every_key_and_item_has_its_line(tmp_path):
    document = _read(tmp_path, "---\na:\n  - x: 1\n    y:\n      z: 2\n  - w\n")
    assert document.line(("a",)) == 2
    assert document.line(("a", 0)) == 3
    assert document.line(("a", 0, "y", "z")) == 5
    assert document.line(("a", 1)) == 6
    assert document.line(("a", 0, "y", "missing")) == 4, "the nearest thing around it"


def test_anchors_are_filled_in(tmp_path):
    document = _read(tmp_path, "a: &x {k: [1, 2]}\nb: *x\nc: [*x, &y 5, *y]\n")
    assert document.data == {"a": {"k": [1, 2]}, "b": {"k": [1, 2]}, "c": [{"k": [1, 2]}, 5, 5]}
    assert document.problems == []


def test_a_key_given_twice_is_told_with_both_lines_and_the_first_counts(tmp_path):
    document = _read(tmp_path, "a: 1\nb: {c: 1,\n c: {d: 2}}\na: [2]\n")
    assert document.data == {"a": 1, "b": {"c": 1}}
    assert [str(problem) for problem in document.problems] == [
        "x.yml:3: b.c: key 'c' is there twice, first in line 2",
        "x.yml:4: a: key 'a' is there twice, first in line 1",
    ]


def _bomb():
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    return "\n".join(levels)


def _ladder():
    steps = ["a0: &a0 [x]"]
    steps += [f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 30)]
    return "\n".join(steps)


UNREADABLE = {
    "empty": ("", "x.yml:1: is empty"),
    "only a comment": ("# nothing\n", "x.yml:1: is empty"),
    "a tab": ("a:\n\tb: 1\n", "x.yml:2: has a tab where YAML wants spaces"),
    "not YAML": ("a: 1\nb: c: d\n", "x.yml:2: is not YAML: mapping values are not allowed in this context"),
    "open bracket": ("a: [1,\n", "x.yml:2: is not YAML: while parsing a flow node did not find expected node content"),
    "two documents": ("a: 1\n---\nb: 2\n", "x.yml:2: holds more than one YAML document"),
    "large": ("a: " + "x" * 1_000_000, "x.yml:1: is larger than 256 KiB, which no description needs"),
    "bomb": (_bomb(), "x.yml:5: stands for more than 20000 values once its anchors are filled in"),
    "ladder of anchors": (_ladder(), "x.yml:20: is nested deeper than 20 levels"),
    "deep": ("[" * 200_000, "x.yml:1: is nested deeper than 20 levels"),
    "many values": ("[" + "1," * 30_000 + "]", "x.yml:1: stands for more than 20000 values"),
    "anchor in itself": ("a: &a [*a]\n", "x.yml:1: *a refers to an anchor that is not there, or to itself"),
    "unknown anchor": ("a: *b\n", "x.yml:1: *b refers to an anchor that is not there, or to itself"),
    "not UTF-8": (b"a: 1\nb: caf\xe9\n", "x.yml:2: is not UTF-8 text: byte 0xe9"),
    "NUL": (b"a: 1\nb: \x00\n", "x.yml:2: holds a character that YAML does not allow: U+0000"),
    "key is a list": ("? [a]\n: 1\n", "x.yml:1: a key must be plain text"),
}


@pytest.mark.parametrize(("content", "message"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_cannot_be_read_is_one_line(tmp_path, content, message):
    document = _read(tmp_path, content)
    assert document.data is None
    [problem] = document.problems
    assert str(problem).startswith(message)
    assert "\n" not in str(problem)


def test_tags_are_refused_and_change_nothing(tmp_path):
    document = _read(tmp_path, "a: !!python/object/apply:os.system [x]\nb: !vault x\nc: !!int word\nd: !!str 5\n")
    assert document.data == {"a": ["x"], "b": "x", "c": "word", "d": "5"}
    assert [problem.line for problem in document.problems] == [1, 2]


def test_a_number_of_ten_thousand_digits_stays_text(tmp_path):
    assert _read(tmp_path, "a: " + "9" * 10_000).data == {"a": "9" * 10_000}


def test_a_directory_a_missing_file_and_a_dangling_link(tmp_path):
    (tmp_path / "d.yml").mkdir()
    (tmp_path / "l.yml").symlink_to("nowhere")
    for name, message in (
        ("d.yml", "is a directory, not a file"),
        ("m.yml", "cannot be read: No such file or directory"),
        ("l.yml", "cannot be read: No such file or directory"),
    ):
        assert [str(p) for p in read(tmp_path / name, name).problems] == [f"{name}:1: {message}"]


def test_a_file_of_just_the_limit_is_read(tmp_path):
    assert _read(tmp_path, "a: 1\n" + "#" * (MAX_BYTES - 5)).data == {"a": 1}
