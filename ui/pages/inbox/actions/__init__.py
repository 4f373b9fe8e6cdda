"""The window's actions, as the inbox performs them: by key, by menu, by a picker, on one ticket or on many."""
