-- Deskbell: guests of a website chat. They may speak to the desk's account and to nobody else, and go when they are old.
local jid_bare = require "util.jid".bare;
local jid_host = require "util.jid".host;
local st = require "util.stanza";
local usermanager = require "core.usermanager";

local desk = module:get_option_string("deskbell_account", "");
local upload = module:get_option_string("deskbell_upload", "");
local keep = module:get_option_number("deskbell_guest_days", 30) * 86400;
local seen = module:open_store("deskbell_seen", "keyval");

local function check(event)
	local stanza, origin = event.stanza, event.origin;
	local to = stanza.attr.to;
	if not to then return; end
	local bare = jid_bare(to);
	if bare == desk or bare == module.host or bare == jid_bare(stanza.attr.from) then return; end
	if upload ~= "" and jid_host(to) == upload then return; end
	if stanza.attr.type ~= "error" and stanza.attr.type ~= "result" then
		origin.send(st.error_reply(stanza, "cancel", "policy-violation", "Guests may speak to the desk only"));
	end
	return true;
end

for _, kind in ipairs { "message", "presence", "iq" } do
	for _, to in ipairs { "bare", "full", "host" } do
		module:hook("pre-" .. kind .. "/" .. to, check, 1000);
	end
end

module:hook("resource-bind", function (event)
	seen:set(event.session.username, { at = os.time() });
end);

module:daily("Remove old guests", function ()
	local now = os.time();
	for name in usermanager.users(module.host) do
		local known = seen:get(name);
		if not known then
			seen:set(name, { at = now });
		elseif now - known.at > keep then
			usermanager.delete_user(name, module.host);
			seen:set(name, nil);
		end
	end
end);
