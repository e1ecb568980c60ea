"""The probe's entry: `python -m histo.slide FILE`. See `histo.slide.probe`."""

import sys

from histo.slide.probe import main

main(sys.argv[1:])
