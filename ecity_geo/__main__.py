"""``python -m ecity_geo`` is the command ``ecity-geo``."""

from ecity_geo.cli import main

main()
