#!/usr/bin/env bash
# Runs `leakguard action`, which reads everything else from the environment.
set -euo pipefail

if [ -n "${LEAKGUARD_ACTION_COMMAND:-}" ]; then
  exec "$LEAKGUARD_ACTION_COMMAND" action
fi
# -I: nothing of the workspace, which may be anybody's, is ever imported.
exec "$LEAKGUARD_ACTION_INTERPRETER" -I -m leakguard action
