"""Run the command line: ``python -m fuliang_gis``."""

from fuliang_gis.cli.main import main

main()
