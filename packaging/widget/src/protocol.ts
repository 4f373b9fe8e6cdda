/**
 * The frames of `deskbell-chat/1`, as docs/chat.md describes them: one JSON object each, named by `t`.
 *
 * Times are ISO 8601 in UTC. Ids are 32 lower-case hex digits, made once by whoever writes the message; `seq` counts per
 * conversation from 1, is given by the desk, and is the order shown.
 */

export interface FileInfo {
  id: string;
  name: string;
  type: string;
  size: number;
  url?: string;
}

export interface Contact {
  name: string;
  email: string;
  verified?: boolean;
}

/** A small picture of who answers: JPEG or PNG in base64, and by which id the desk knows it. */
export interface Photo {
  id: string;
  data: string;
}

/** A visitor whose address the website itself vouches for: `sig` is made by the website's server. */
export interface Identity {
  email: string;
  name: string;
  at: number;
  sig: string;
}

export interface Hours {
  open: boolean;
  next: string | null;
}

export interface Limits {
  chars: number;
  frame: number;
  file: number;
  types: string[];
  rate_ms: number;
  burst: number;
}

export interface Look {
  colour?: string;
  side?: string;
  greeting?: string;
  prechat?: boolean;
  rating?: boolean;
  transcript?: boolean;
}

export type State = "" | "waiting" | "live" | "ended" | "missed" | "turned";

/** What the widget says. */
export type Up =
  | { t: "hello"; v: 1; token: string; conversation: string; after: number; page: string; lang: string; identity?: Identity }
  | { t: "msg"; id: string; body: string; files?: string[]; name?: string; email?: string }
  | { t: "ack"; id: string; seq: number }
  | { t: "typing"; on: boolean }
  | { t: "read"; seq: number }
  | { t: "contact"; name: string; email: string }
  | { t: "code"; code: string }
  | { t: "rate"; score: number; comment?: string }
  | { t: "transcript"; email?: string }
  | { t: "end" }
  | { t: "photo" }
  | { t: "ping" };

export interface Welcome {
  t: "welcome";
  conversation: string;
  state: State;
  last_seq: number;
  read_seq: number;
  online: boolean;
  hours: Hours;
  name: string;
  who: string;
  photo?: string;
  position: number | null;
  contact: Contact;
  rated: boolean;
  rate: boolean;
  limits: Limits;
  settings: Look;
}

export interface Spoken {
  t: "msg";
  conversation: string;
  id: string;
  seq: number;
  dir: "in" | "out";
  body: string;
  at: string;
  who: string;
  files: FileInfo[];
}

/** What the desk says. */
export type Down =
  | Welcome
  | Spoken
  | { t: "ack"; id: string; at: string }
  | { t: "placed"; id: string; seq: number; conversation: string; at: string }
  | { t: "no"; id: string; reason: string }
  | { t: "typing"; on: boolean; who: string }
  | { t: "read"; seq: number }
  | { t: "state"; conversation: string; state: State; who: string; photo?: string; position: number | null; rate: boolean }
  | { t: "online"; online: boolean; hours: Hours }
  | ({ t: "contact" } & Contact)
  | { t: "rated"; score: number }
  | ({ t: "photo"; who: string } & Photo)
  | { t: "done"; what: string }
  | { t: "slow"; retry_ms: number; id?: string }
  | { t: "bye"; reason: string }
  | { t: "pong" };

/** Until the desk has told its own. */
export const LIMITS: Limits = {
  chars: 4000,
  frame: 16384,
  file: 5 * 1024 * 1024,
  types: ["image/png", "image/jpeg", "image/webp", "application/pdf", "text/plain"],
  rate_ms: 1000,
  burst: 20,
};

/** After these the widget stops asking: the desk does not want this visitor, this page or this version. */
export const FINAL = new Set(["blocked", "version", "origin"]);

/** A new id. `crypto.randomUUID` is missing on pages without TLS, which an intranet has. */
export function newId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A new token: 32 random bytes as base64url, 43 characters. It is all that proves who this visitor is. */
export function newToken(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  return btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}
