"""The window: what a rep sees. It asks and tells `app.desk.Desk`, and never sees a row, a session or a socket."""
