"""The action's and the workflows' files: right by their schemas, clean for zizmor, and told truly by the docs."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from leakguard.ci.inputs import PREFIX, Inputs, read_inputs
from tests.action.runner import ACTION, ROOT

yaml = pytest.importorskip("yaml", reason="action.yml is read with PyYAML")

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ROW = re.compile(r"^\| `([\w-]+)` \| (.*?) \|(?: (.*?) \|)?$", re.MULTILINE)


def program(name: str) -> str:
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    if not found:
        pytest.skip(f"{name} is not installed")
    return found


def run(*command: object) -> None:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("file", [ACTION, *WORKFLOWS], ids=lambda file: file.name)
def test_the_file_follows_githubs_schema(file: Path) -> None:
    kind = "actions" if file == ACTION else "workflows"
    run(program("check-jsonschema"), "--builtin-schema", f"vendor.github-{kind}", file)


def test_the_gitlab_template_follows_gitlabs_schema() -> None:
    run(program("check-jsonschema"), "--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci",
        ROOT / "templates" / "gitlab-ci.yml")  # fmt: skip


@pytest.mark.parametrize(
    ("page", "heading", "schema"),
    [
        ("action.md", "# The GitHub Action", "vendor.github-workflows"),
        ("ci.md", "## CircleCI", "vendor.circle-ci"),
        ("ci.md", "## Azure Pipelines", "vendor.azure-pipelines"),
    ],
)
def test_the_example_in_the_docs_follows_its_servers_schema(
    tmp_path: Path, page: str, heading: str, schema: str
) -> None:
    text = (ROOT / "docs" / page).read_text("utf-8").partition(f"{heading}\n")[2]
    example = tmp_path / "example.yml"
    example.write_text(text.partition("```yaml\n")[2].partition("```")[0])
    # Azure's schema has expressions that are none by the stricter rules, and wants numbers as text.
    azure = ("--data-transform", "azure-pipelines") if "azure" in schema else ()
    run(program("check-jsonschema"), "--regex-variant", "nonunicode", *azure, "--builtin-schema", schema, example)


def test_zizmor_finds_nothing_in_the_action_and_the_workflows() -> None:
    run(program("zizmor"), "--offline", "--persona", "pedantic", ACTION, *WORKFLOWS)


def test_every_foreign_action_is_pinned_to_a_commit() -> None:
    for file in (ACTION, *WORKFLOWS):
        for line in re.findall(r"uses: *(.*)", file.read_text("utf-8")):
            assert line.startswith("./") or re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), line


def test_the_docs_tables_are_those_of_the_action() -> None:
    action = yaml.safe_load(ACTION.read_text("utf-8"))
    text = (ROOT / "docs" / "action.md").read_text("utf-8")
    inputs, _, rest = text.partition("## Inputs")[2].partition("## Outputs")
    found = {name: (told, default) for name, default, told in ROW.findall(inputs)}
    told = {
        name: (spec["description"], f"`{spec['default']}`" if spec["default"] else "")
        for name, spec in action["inputs"].items()
    }
    assert found == told
    assert {name: told for name, told, _ in ROW.findall(rest)} == {
        name: spec["description"] for name, spec in action["outputs"].items()
    }


def test_defaults_of_the_action_are_those_of_the_program() -> None:
    action = yaml.safe_load(ACTION.read_text("utf-8"))
    step = action["runs"]["steps"][1]["env"]
    environment = {
        name: action["inputs"][re.fullmatch(r"\$\{\{ inputs\.([\w-]+) \}\}", value)[1]]["default"]
        for name, value in step.items()
        if name.startswith(PREFIX) and "inputs." in value
    }
    assert read_inputs(environment) == read_inputs({}) == Inputs()
    handed = {name.removeprefix(PREFIX).lower() for name in environment}
    assert set(Inputs.__struct_fields__) <= handed


def test_no_expression_stands_in_shell_text() -> None:
    for step in yaml.safe_load(ACTION.read_text("utf-8"))["runs"]["steps"]:
        assert "${{" not in step["run"]
