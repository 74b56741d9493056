"""How the configuration file is written and what is wrong with one."""
