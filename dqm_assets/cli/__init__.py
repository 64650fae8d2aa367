"""The ``dqm`` command line: one file per command group."""
