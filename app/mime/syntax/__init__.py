"""The form of a mail (RFC 5322, RFC 2045 and the ways they are got wrong): header fields, parts, encodings."""
