"""The first minutes: a name, a mailbox that is tested before it is kept, or a sample desk."""
