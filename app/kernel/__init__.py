"""The kernel knows nothing of help desks: time, keys, failures, sentences, secrets, and above them files, database, state, program, maintenance."""
