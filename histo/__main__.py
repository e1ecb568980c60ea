"""`python -m histo` is `histo`."""

from histo.cli import main

if __name__ == "__main__":
    main()
