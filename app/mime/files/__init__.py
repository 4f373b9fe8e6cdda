"""Files of strangers: their names, what they really are, what they could do, which words they hold."""
