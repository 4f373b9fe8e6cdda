"""The kernel knows nothing of help desks: store, changes, blobs, ids, time, settings, secrets, locks, paths, log."""
