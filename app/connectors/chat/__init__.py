"""Chat on the wire: the protocol deskbell-chat/1 and its transports. Plain data in and out; no database, no feature."""
