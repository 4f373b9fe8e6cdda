"""What a desk's processes know of each other through its rows: settings, jobs, signals."""
