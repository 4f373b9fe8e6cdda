/** A message's text as nodes: text, and links to `http:` and `https:` addresses only. */

import { h } from "./dom";

const ADDRESS = /https?:\/\/[^\s<>"'`{}|\\^\u2066-\u2069\u202a-\u202e]+/gi;
const TAIL = /[.,;:!?)\]\u00bb\u201d\u2019]+$/;

export function linked(text: string, note: string): (Node | string)[] {
  const parts: (Node | string)[] = [];
  let from = 0;
  for (const found of text.matchAll(ADDRESS)) {
    const address = found[0].replace(TAIL, "");
    if (!isWeb(address)) continue;
    parts.push(text.slice(from, found.index));
    parts.push(
      h("a", { href: address, target: "_blank", rel: "noopener noreferrer nofollow ugc" }, address, h("span", { class: "vh" }, ` (${note})`)),
    );
    from = (found.index ?? 0) + address.length;
  }
  parts.push(text.slice(from));
  return parts;
}

function isWeb(address: string): boolean {
  try {
    return /^https?:$/.test(new URL(address).protocol);
  } catch {
    return false;
  }
}
