/**
 * What the snippet says, by attributes of its script element:
 *
 *   <script src="https://desk.example/widget.js" async data-colour="#8a2be2" data-side="left" data-theme="auto"></script>
 *
 * `data-colour`, `data-side` (left, right), `data-theme` (light, dark, auto), `data-greeting`, `data-name` and `data-lang`
 * dress it; what is missing comes from the desk's settings. `data-deskbell` says where the desk is, if the script lies elsewhere;
 * `data-identity` is a JSON object `{email, name, at, sig}` by which the website vouches for its signed-in visitor.
 * `data-xmpp`, `data-guests`, `data-to` and `data-upload` belong to the widget that speaks XMPP (see xmpp.ts).
 */

import type { Identity } from "./protocol";
import type { XmppPlace } from "./xmpp";

export interface Options {
  base: string;
  colour: string;
  side: string;
  theme: string;
  greeting: string;
  name: string;
  lang: string;
  sound: boolean;
  identity: Identity | undefined;
  /** Only for the widget that speaks XMPP. */
  xmpp: XmppPlace | null;
}

export function optionsOf(script: HTMLOrSVGScriptElement | null): Options {
  const said = (script as HTMLElement | null)?.dataset ?? {};
  const source = script instanceof HTMLScriptElement ? script.src : "";
  return {
    base: said.xmpp ? said.xmpp.replace(/^ws/, "http") : new URL(said.deskbell ? said.deskbell.replace(/\/?$/, "/") : ".", said.deskbell ? location.href : source || location.href).href,
    colour: isColour(said.colour) || isColour(said.color),
    side: said.side ?? "",
    theme: said.theme === "light" || said.theme === "dark" ? said.theme : "auto",
    greeting: said.greeting ?? "",
    name: said.name ?? "",
    lang: said.lang ?? "",
    sound: said.sound !== "off",
    identity: identityOf(said.identity),
    xmpp: said.xmpp ? { url: said.xmpp, guests: said.guests ?? "", to: said.to ?? "", upload: said.upload ?? "" } : null,
  };
}

/** Six hex digits, or nothing: it ends up in a style. */
export function isColour(text: string | undefined): string {
  return text && /^#[0-9a-f]{6}$/i.test(text) ? text : "";
}

export function identityOf(said: unknown): Identity | undefined {
  let one = said;
  if (typeof said === "string") {
    try {
      one = JSON.parse(said);
    } catch {
      return undefined;
    }
  }
  const { email, name, at, sig } = (one ?? {}) as Record<string, unknown>;
  if (typeof email !== "string" || typeof at !== "number" || typeof sig !== "string") return undefined;
  return { email, name: typeof name === "string" ? name : "", at, sig };
}
