/** The widget for the built-in transport. */

import { begin } from "./begin";
import { optionsOf } from "./options";
import { socketTransport } from "./socket";

const options = optionsOf(document.currentScript);
begin(options, () => socketTransport(options.base));
