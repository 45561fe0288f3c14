"""`python -m lyricist`, which is also how torchrun starts training."""

from lyricist.cli import main

main()
