"""HTML: of strangers, made safe to show; of our own, simple enough for every mail program."""
