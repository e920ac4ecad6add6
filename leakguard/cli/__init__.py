"""The commands: each parses, calls, prints; no logic."""
