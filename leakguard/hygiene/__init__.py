"""Is what should never be committed kept out? The ignore files of git and its relatives, and what lies there."""
