"""The README says what the program does: its commands, its links, its set-up."""

from __future__ import annotations

import re

import pytest

from leakguard.cli.main import COMMANDS
from leakguard.report import FORMATS
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text("utf-8")


@pytest.mark.parametrize("command", [name for name, row in COMMANDS.items() if row[1] and name != "action"])
def test_every_command_is_in_the_readme(command: str) -> None:
    assert f"`leakguard {command}" in README


def test_every_command_in_the_readme_exists() -> None:
    assert set(re.findall(r"`leakguard ([a-z-]+)", README)) <= set(COMMANDS)


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)#:]+)\)", README))))
def test_every_link_to_a_file_leads_somewhere(link: str) -> None:
    assert (ROOT / link).exists()


def test_formats_in_the_readme_exist() -> None:
    listed = re.search(r"`--format` knows (.*?github)\.", README, re.DOTALL)
    assert listed
    names = set(re.findall(r"\b[a-z]+\b", re.sub(r"\([^)]*\)", "", listed.group(1)))) - {"and"}
    assert names <= set(FORMATS), names - set(FORMATS)


@pytest.mark.parametrize("name", [*COMMANDS])
def test_help_fits_and_names_every_option(leakguard, name: str) -> None:
    ran = leakguard(name, "--help")
    assert ran.status == 0, ran.err
    assert ran.out.startswith("Usage: leakguard ")
    assert all(len(line) <= 120 for line in ran.out.splitlines())
