"""Files shipped with the program, read by `importlib.resources.files("resources")`."""
