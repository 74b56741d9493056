"""The commands, by what they are about; `daemon/cli.py` gathers them."""
