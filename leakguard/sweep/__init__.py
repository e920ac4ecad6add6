"""The one package that joins git and detection: the whole history of a repository through one detector.

Two passes over the object database, each split among workers: first every blob, commit and tag is scanned; then every
tree is read, for the names in it and for which tree leads to which blob that holds a secret. The commits' lives follow
by set algebra. The result does not depend on the number of workers or on how the objects are packed.
"""
