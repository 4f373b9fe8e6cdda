"""Chat in the engine: transports of channels on one loop, and what joins them with the desk."""
