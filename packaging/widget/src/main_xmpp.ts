/** The widget for XMPP. It lies on the website itself; the snippet says where the server is. */

import { begin } from "./begin";
import { optionsOf } from "./options";
import { xmppTransport } from "./xmpp";

const options = optionsOf(document.currentScript);
const { xmpp } = options;
if (xmpp) begin(options, (storage) => xmppTransport(xmpp, storage));
