-- Deskbell: browsers may open a connection only from the owner's own website; Prosody's WebSocket does not look at that.
module:set_global();
local set = require "util.set";
local allowed = set.new(module:get_option_array("deskbell_origins", {}));

module:wrap_object_event(require "net.http.server"._events, false, function (handlers, event_name, event_data)
	local request = event_data and event_data.request;
	local path = request and request.path or "";
	if (path:find("^/xmpp%-websocket") or path:find("^/http%-bind")) and not allowed:contains(request.headers.origin or "") then
		event_data.response.status_code = 403;
		event_data.response:send("This site may not use this chat.");
		return true;
	end
	return handlers(event_name, event_data);
end);
