"""What a person looks at or takes along: mails made ready, their originals, files, downloads."""
