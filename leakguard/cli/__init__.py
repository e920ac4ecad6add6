"""The commands: each parses, calls, prints; no logic."""

import gc

# Starting up makes many objects and no garbage; by its own threshold the collector takes a tenth of a hook's time.
gc.set_threshold(50_000, 20, 50)
