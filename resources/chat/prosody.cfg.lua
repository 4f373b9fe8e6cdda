-- Prosody (0.12 or newer) for the website chat of Deskbell. Written by Deskbell for @DOMAIN@.
-- Copy this file to /etc/prosody/conf.d/ and the two mod_deskbell_*.lua beside it to the folder of plugin_paths, then make
-- the desk's account (its password is shown by Deskbell):   prosodyctl adduser @ACCOUNT@
@PLACES@
plugin_paths = { "@PLUGINS@" }
modules_enabled = {
	"saslauth", "tls", "disco", "ping", "time", "mam", "smacks", "offline", "http", "websocket", "posix", "cron",
	"limits", "deskbell_origin",
}
modules_disabled = { "s2s" } -- no other server has any business here
storage = "internal" -- with a database behind it, hundreds of visitors at once never finish
authentication = "internal_hashed"
c2s_require_encryption = true
c2s_direct_tls_ports = {}
archive_expires_after = "1w"
default_archive_policy = true
smacks_hibernation_time = 60
http_default_host = "@GUESTS@"
trusted_proxies = { @PROXIES@ }
consider_websocket_secure = true -- TLS ends at the web server in front, or here when it has a certificate
deskbell_origins = { @ORIGINS@ }
deskbell_account = "@ACCOUNT@"
deskbell_upload = "upload.@DOMAIN@"
deskbell_guest_days = 30
limits = { c2s = { rate = "16kb/s", burst = "4s" } }
unlimited_jids = { "@ACCOUNT@" }
@TLS@
VirtualHost "@DOMAIN@"

VirtualHost "@GUESTS@"
	modules_enabled = { "register_ibr", "register_limits", "deskbell_guests" }
	allow_registration = true
	registration_throttle_max = @REGISTRATIONS@
	registration_throttle_period = 60
	min_seconds_between_registrations = 0

Component "upload.@DOMAIN@" "http_file_share"
	http_host = "@GUESTS@" -- files are handed over where the WebSocket is: one name and one certificate fewer
	http_file_share_size_limit = 5 * 1024 * 1024
	http_file_share_daily_quota = 50 * 1024 * 1024
	http_file_share_expires_after = 30 * 24 * 3600
	http_file_share_allowed_file_types = { "image/png", "image/jpeg", "image/webp", "application/pdf", "text/plain" }
