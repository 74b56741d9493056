"""`python -m daemon` is `vaguemestre`."""

from daemon.cli import main

main()
