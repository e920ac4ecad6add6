"""What a path says: the second step of the judgement, taken where paths are known."""

from __future__ import annotations

import re

from leakguard.detect.kept import plain

_KINDS = (
    (
        "lock-file",
        rb"(?:^|/)(?:package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|poetry\.lock|pdm\.lock|uv\.lock|pipfile\.lock|cargo\.lock|gemfile\.lock|"
        rb"composer\.lock|go\.sum|flake\.lock|mix\.lock|podfile\.lock|packages\.lock\.json|[^/]*\.lockfile|bun\.lock)$",
    ),
    ("minified", rb"\.min\.(?:js|css)$|\.bundle\.js$|\.map$|-min\.js$"),
    ("style", rb"\.(?:css|scss|less|sass|svg|styl)$"),
    (
        "translation",
        rb"(?:^|/)(?:locales?|i18n|l10n|translations?|lang(?:uage)?s?|intl)/|\.(?:po|pot|strings|resx|xlf|xliff|arb|ftl)$|[._-](?:[a-z]{2}[_-][a-z]{2})\.(?:json|ya?ml|properties)$",
    ),
    (
        "vendored",
        rb"(?:^|/)(?:vendor|node_modules|third[_-]?party|bower_components|site-packages|dist-packages|external|deps)/",
    ),
    (
        "test",
        rb"(?:^|/)(?:tests?|__tests__|specs?|testdata|test[_-][^/]*|fixtures?|mocks?|cassettes|e2e|testing|[^/]*tests)/|(?:^|/)(?:test_|conftest)[^/]*$|[^/]*[._-](?:test|spec|tests|mock|fixture)s?\.[^/]+$|[a-z](?:Test|Tests|Spec|IT)\.[a-z]+$",
    ),
    (
        "example",
        rb"(?:^|/)(?:examples?|samples?|demos?|tutorials?|playground|templates?)/|\.(?:example|sample|dist|template|tpl|tmpl|j2|erb)$|[._-](?:example|sample)(?![\w\x80-\xff])[^/]*$",
    ),
    (
        "documentation",
        rb"(?:^|/)(?:docs?|docsite|documentation|website|man|wiki)/.*\.(?:md|markdown|mdx|rst|adoc|asciidoc)$|"
        rb"\.html\.(?:md|markdown)$",
    ),
    (
        "environment",
        rb"(?:^|/)\.env(?:\.[\w\x80-\xff.-]+)?$|\.env$|(?:^|/)(?:\.npmrc|\.pypirc|\.netrc|\.pgpass|credentials|secrets?\.[a-z]+)$|\.tfvars$|\.tfstate$",
    ),
    ("configuration", rb"\.(?:ya?ml|json|toml|ini|cfg|conf|config|properties|xml|plist|tf|hcl|env)$"),
    (
        "source",
        rb"\.(?:py|js|jsx|ts|tsx|go|rb|php|java|kt|scala|cs|c|cc|cpp|h|hpp|rs|swift|m|pl|sh|bash|ps1|lua|ex|exs|r|sql|groovy)$",
    ),
)
WEAK_AT_MOST = frozenset({"test", "example", "documentation", "vendored"})
"""Kinds of paths where people write samples, or what somebody else has to revoke."""
PATH_WEIGHTS = {"lock-file": -6.0, "style": -4.0, "minified": -2.0, "translation": -3.0, "vendored": -0.7}
"""What each of these kinds adds to the log-odds. By hand where the labelled set has too few, else from fit.py."""

_COMPILED = tuple((kind, plain(expression, 0 if kind == "test" else re.IGNORECASE)) for kind, expression in _KINDS)


def path_kinds(path: str) -> tuple[str, ...]:
    """What kinds of file a path names, the rarest first; a path may be of several kinds."""
    raw = path.encode("utf-8", "surrogateescape")
    return tuple(kind for kind, expression in _COMPILED if expression.search(raw))
