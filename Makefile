.PHONY: demo test check bench
