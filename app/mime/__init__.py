"""Mail as bytes, turned into plain data and back.

Nothing here opens a connection or a database: a mail goes in as it came from the server, a `ParsedMail` comes out,
and a `Letter` becomes the exact bytes that will be sent. The reader is our own because the standard library's
`policy.default` raises on about one awkward real mail in twenty and is an order of magnitude too slow for a first
synchronisation; it works on byte positions of the raw mail and never serialises a mail again.
"""
