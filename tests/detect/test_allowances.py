"""Comments allow the secret that they stand beside, and no other one."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leakguard.detect import allowances
from leakguard.detect.allowances import may_allow, read_comments

RULE = "some-rule"


def allowed(text: str, *secrets: str, rule: str = RULE) -> dict[str, str | None]:
    """What is said of each secret: its reason, None where it is not allowed."""
    data = text.encode()
    spans = [(data.index(secret.encode()), data.index(secret.encode()) + len(secret)) for secret in secrets]
    comments = read_comments(data)
    found = {}
    for secret, (start, end) in zip(secrets, spans, strict=True):
        inline = comments.about(start, end, rule, spans) if comments else None
        found[secret] = inline.reason if inline and not inline.expired else None
    return found


@pytest.mark.parametrize(
    ("opener", "closer"),
    [("#", ""), ("//", ""), ("--", ""), (";", ""), ("'", ""), ("%", ""), ("/*", "*/"), ("<!--", "-->"), ("{#", "#}"),
     ("(*", "*)"), ("{-", "-}"), ("<%--", "--%>")],
)  # fmt: skip
def test_every_comment_syntax_works_on_the_line_and_on_the_line_before(opener: str, closer: str) -> None:
    comment = f"{opener} leakguard:allow[{RULE}] it is revoked {closer}"
    assert allowed(f'key = "AAA"  {comment}\nother = "BBB"\n', "AAA", "BBB") == {"AAA": "it is revoked", "BBB": None}
    assert allowed(f'  {comment}\nkey = "AAA"\nother = "BBB"\n', "AAA", "BBB") == {"AAA": "it is revoked", "BBB": None}


def test_a_comment_for_one_rule_does_not_allow_another_one() -> None:
    assert allowed("k = AAA  # leakguard:allow[other-rule] no\n", "AAA") == {"AAA": None}
    assert allowed("k = AAA  # leakguard:allow[] no\n", "AAA") == {"AAA": None}
    assert allowed("k = AAA  # leakguard:allow[other-rule, some-rule] yes\n", "AAA") == {"AAA": "yes"}
    assert allowed("k = AAA  # leakguard:allow[*]\n", "AAA") == {"AAA": ""}


def test_a_comment_between_two_secrets_is_for_the_one_before_it() -> None:
    assert allowed('f("AAA" /* leakguard:allow x */, "BBB")\n', "AAA", "BBB") == {"AAA": "x", "BBB": None}
    assert allowed('f("AAA", "BBB" /* leakguard:allow x */, c)\n', "AAA", "BBB") == {"AAA": None, "BBB": "x"}
    assert allowed('f(/* leakguard:allow x */ "AAA", "BBB")\n', "AAA", "BBB") == {"AAA": "x", "BBB": None}


def test_a_comment_after_code_does_not_reach_the_next_line() -> None:
    assert allowed("a = 1  # leakguard:allow x\nk = AAA\n", "AAA") == {"AAA": None}


def test_a_block_allows_what_lies_in_it_and_an_open_one_nothing() -> None:
    text = "# leakguard:allow-start[some-rule] test keys\nAAA\nBBB\n# leakguard:allow-end\nCCC\n"
    assert allowed(text, "AAA", "BBB", "CCC") == {"AAA": "test keys", "BBB": "test keys", "CCC": None}
    assert allowed("# leakguard:allow-start x\nAAA\n", "AAA") == {"AAA": None}
    assert allowed(text, "AAA", rule="else") == {"AAA": None}


def test_a_comment_runs_out() -> None:
    assert allowed("AAA # leakguard:allow later (until 2999-12-31)\n", "AAA") == {"AAA": "later (until 2999-12-31)"}
    assert allowed("AAA # leakguard:allow later (until 2020-12-31)\n", "AAA") == {"AAA": None}
    assert allowed("AAA # leakguard:allow later (until 2020-99-31)\n", "AAA") == {"AAA": None}


@pytest.mark.parametrize(
    ("line", "is_allowed"),
    [
        ("AAA # gitleaks:allow\n", True),
        ("# gitleaks:allow\nAAA\n", False),
        ("AAA // trufflehog:ignore\n", True),
        ("AAA // trufflehog:ignored\n", False),
        ("AAA // kingfisher:ignore\n", True),
        ("AAA # pragma: allowlist secret\n", True),
        ("AAA # pragma: whitelist secret\n", True),
        ("AAA <!-- pragma: allowlist secret -->\n", True),
        ("# pragma: allowlist nextline secret\nAAA\n", True),
        ("x = 1 # pragma: allowlist nextline secret\nAAA\n", False),
        ("AAA # pragma: allowlist nextline secret\n", False),
        ("# pragma: allowlist secret\nAAA\n", False),
    ],
)
def test_other_tools_comments_mean_what_they_mean_there(line: str, is_allowed: bool) -> None:
    assert (allowed(line, "AAA")["AAA"] is not None) is is_allowed


def test_a_secret_of_many_lines_is_allowed_from_its_first_or_last_line() -> None:
    block = "-----BEGIN-----\nabc\n-----END-----"
    assert allowed(f"{block} # leakguard:allow x\n", block) == {block: "x"}
    assert allowed(f"# leakguard:allow x\n{block}\n", block) == {block: "x"}


_PIECES = [
    "leakguard:allow",
    "leakguard:allow-start",
    "leakguard:allow-end",
    "[a, b]",
    "[]",
    "gitleaks:allow",
    "trufflehog:ignore",
    "kingfisher:",
    "ignore",
    "kingfisher:allow",
    "pragma:",
    " allowlist secret",
    "whitelist-nextline",
    " secret",
    "-->",
    "x",
    " ",
    "\n",
    "leakguard:",
    "pragma",
]


@given(st.lists(st.sampled_from(_PIECES), max_size=14).map("".join))
def test_comments_are_those_that_the_whole_expression_finds(text: str) -> None:
    data = text.encode()
    comments = read_comments(data)
    matches = allowances._COMMENT.finditer(data)
    assert (comments.found if comments else []) == [allowances._comment(data, match) for match in matches]


FRAGMENTS = [
    *(b"AAA", b"BBB", b"\n", b" ", b"\n# ", b"x = ", b"  # ", b"leakguard:allow", b"leakguard:allow-start", b"why"),
    *(b"leakguard:allow-end", b"gitleaks:allow", b"pragma: allowlist secret", b"pragma: allowlist nextline secret"),
    *(b"kingfisher:ignore", b"trufflehog:ignore", b"[other]", b"long\nAAA\nlong"),
]


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=24).map(b"".join))
def test_where_no_comment_may_be_none_is(data: bytes) -> None:
    spans = [match.span() for match in re.finditer(rb"AAA(?:\nlong)?|BBB", data)]
    comments = read_comments(data)
    if comments and any(comments.about(start, end, RULE, spans) for start, end in spans):
        assert may_allow(data, spans)


def test_a_block_is_looked_for_before_the_last_match_only() -> None:
    block = b"# leakguard:allow-start\nk = AAA\n# leakguard:allow-end\n"
    assert may_allow(block, [(28, 31)])
    assert not may_allow(b"k = AAA\n\n" + block, [(4, 7)])


def test_a_mark_that_is_nowhere_near_is_not_looked_at() -> None:
    assert not may_allow(b"# gitleaks:allow\n\nk = AAA\n\n# gitleaks:allow\n", [(22, 25)])
