"""``python -m tests.chaos.streams``: the big proof."""

from tests.chaos.streams.proof import main

main()
