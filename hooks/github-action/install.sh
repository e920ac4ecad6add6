#!/usr/bin/env bash
# Finds a Python of 3.10 or newer on the runner and hands over to install.py. No other action, no download of a Python.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

if [ -n "${LEAKGUARD_ACTION_COMMAND:-}" ]; then
  echo "leakguard: using the installed $LEAKGUARD_ACTION_COMMAND"
  exit 0
fi

fits() {
  command -v "$1" >/dev/null 2>&1 && "$1" -I -c 'import sys, venv; sys.exit(sys.version_info < (3, 10))' >/dev/null 2>&1
}

find_python() {
  if [ -n "${LEAKGUARD_ACTION_PYTHON:-}" ]; then
    fits "$LEAKGUARD_ACTION_PYTHON" && echo "$LEAKGUARD_ACTION_PYTHON"
    return
  fi
  local candidate
  # First what is on the path (a workflow may have put its own there), then what GitHub's images keep besides.
  for candidate in python3 python \
    "${RUNNER_TOOL_CACHE:-/nowhere}"/Python/3.1[0-9].*/*/bin/python3 \
    "${RUNNER_TOOL_CACHE:-/nowhere}"/Python/3.1[0-9].*/*/python.exe; do
    if fits "$candidate"; then
      echo "$candidate"
      return
    fi
  done
}

python=$(find_python || true)
if [ -z "$python" ]; then
  echo "::error title=leakguard::No Python of 3.10 or newer with the module venv is here; add a step with actions/setup-python, or give the input python or command."
  exit 2
fi
# -I: nothing of the workspace, which may be anybody's, is ever imported.
exec "$python" -I "$here/install.py"
