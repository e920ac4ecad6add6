"""Why something is a finding, or why it is none: the detection of a scan, run once more with a record of its steps.

`place` finds the text that is meant, `trace` runs and records, `model` is what comes out.
"""
