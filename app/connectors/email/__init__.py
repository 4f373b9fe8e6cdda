"""E-mail: receiving by IMAP, handing over by SMTP, and finding out which servers an address needs."""
