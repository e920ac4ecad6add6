"""Files, folders and standard input, as they lie there: the files are listed, read by workers, and told together.

`walk` names the files, `worker` reads and detects, `run` puts it together.
"""
