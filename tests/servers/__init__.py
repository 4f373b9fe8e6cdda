"""Real and misbehaving mail servers on loopback, for tests, the bench, the journeys. No pytest outside fixtures.py."""
