"""`python -m lyricist`, which is also how torchrun starts training."""

from lyricist.apps.cli import main

main()
