"""A small GitHub runner: runs the steps of a composite action in real shells, and reads their output as GitHub's does.

Commands, masks and environment files follow GitHub's page "Workflow commands for GitHub Actions"; what is no expression
used by our action.yml is refused.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
ACTION = ROOT / "action.yml"

_EXPRESSION = re.compile(r"\$\{\{\s*([\w.-]+)\s*\}\}")
_COMMAND = re.compile(r"\s*::([a-z-]+)(?: ([^\r\n]*?))?::(.*)")
_ASSIGNED = re.compile(r"([\w-]+)<<(\S+)\n(.*?)\n\2\n|([\w-]+)=([^\n]*)\n", re.DOTALL)


@dataclass
class Command:
    """A workflow command that a step printed."""

    name: str
    properties: dict[str, str]
    message: str


@dataclass
class Job:
    """What a run of the action left behind."""

    status: int = 0
    raw: str = ""
    log: str = ""
    commands: list[Command] = field(default_factory=list)
    masks: list[str] = field(default_factory=list)
    outputs: dict[str, str] = field(default_factory=dict)
    summary: str = ""

    def annotations(self) -> list[Command]:
        """The annotations at a line of a file."""
        return [command for command in self.commands if "file" in command.properties]


def run_action(workspace: Path, temp: Path, event: str, payload: Path, inputs: dict[str, str], **env: str) -> Job:
    """Run all steps of action.yml as one job would, up to the first that fails."""
    action = yaml.safe_load(ACTION.read_text("utf-8"))
    unknown = set(inputs) - set(action["inputs"])
    assert not unknown, unknown
    values = {f"inputs.{name}": inputs.get(name, spec["default"]) for name, spec in action["inputs"].items()}
    job = Job()
    for step in action["runs"]["steps"]:
        files = {name: temp / f"{step['id']}.{name}" for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_ENV")}
        for file in files.values():
            file.write_text("")
        step_env = {name: evaluate(text, values) for name, text in step["env"].items()}
        done = subprocess.run(
            shell(step, values, temp),
            cwd=workspace,
            env={
                **env,
                **{name: str(file) for name, file in files.items()},
                "CI": "true",
                "GITHUB_ACTIONS": env.get("GITHUB_ACTIONS", "true"),
                "GITHUB_ACTION_PATH": str(ROOT),
                "GITHUB_EVENT_NAME": event,
                "GITHUB_EVENT_PATH": str(payload),
                "GITHUB_WORKSPACE": str(workspace),
                "RUNNER_TEMP": str(temp),
                "RUNNER_TOOL_CACHE": str(temp / "tools"),
                **step_env,
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        read_log(job, done.stdout.decode("utf-8"))
        job.summary += files["GITHUB_STEP_SUMMARY"].read_text("utf-8")
        job.status = done.returncode
        found = read_assignments(files["GITHUB_OUTPUT"].read_text("utf-8"))
        values |= {f"steps.{step['id']}.outputs.{name}": value for name, value in found.items()}
        if job.status:
            break
    job.outputs = {name: evaluate(spec["value"], values) for name, spec in action["outputs"].items()}
    return job


def evaluate(text: str, values: dict[str, str]) -> str:
    """A text with its expressions filled in; an output that no step wrote is empty, as it is on GitHub."""

    def value(found: re.Match[str]) -> str:
        name = found[1]
        assert name in values or name.startswith("steps."), f"the small runner does not know {name}"
        return values.get(name, "")

    return _EXPRESSION.sub(value, text)


def shell(step: dict[str, Any], values: dict[str, str], temp: Path) -> list[str]:
    """The command of a `run` step, as the runner makes it of `shell: bash`."""
    assert step["shell"] == "bash"
    script = temp / f"{step['id']}.sh"
    script.write_text(evaluate(step["run"], values))
    return ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)]


def read_log(job: Job, text: str) -> None:
    """Take in a step's output line by line: run commands, swallow masks, hide what is masked."""
    job.raw += text
    for line in text.splitlines():
        found = _COMMAND.fullmatch(line)
        if found and found[1] == "add-mask":
            job.masks.append(unescape(found[3]))
            continue
        if found:
            pairs = (pair.split("=", 1) for pair in (found[2] or "").split(",") if "=" in pair)
            properties = {key: unescape(value, more=True) for key, value in pairs}
            job.commands.append(Command(found[1], properties, unescape(found[3])))
        for mask in job.masks:
            line = line.replace(mask, "***")
        job.log += line + "\n"


def unescape(text: str, *, more: bool = False) -> str:
    """Data of a command; `more` for a property."""
    for code, char in (("%0D", "\r"), ("%0A", "\n"), *((("%3A", ":"), ("%2C", ",")) if more else ()), ("%25", "%")):
        text = text.replace(code, char)
    return text


def read_assignments(text: str) -> dict[str, str]:
    """The variables of an environment file; text that is none is an error, as on GitHub."""
    assert not _ASSIGNED.sub("", text).strip(), text
    return {found[1] or found[4]: found[3] if found[1] else found[5] for found in _ASSIGNED.finditer(text)}
