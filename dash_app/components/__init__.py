"""Building blocks of pages: cards, charts, status marks, times, numbers, empty states."""
