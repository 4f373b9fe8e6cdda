"""What lies in a desk's folder: where the folder may be, who holds its locks, packs of mails and files, whether its database is whole."""
