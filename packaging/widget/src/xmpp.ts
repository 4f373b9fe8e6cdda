/**
 * The transport by XMPP: for a desk that cannot be reached from outside, over a server that both can reach (RFC 6120, and RFC
 * 7395 for WebSockets). The visitor is a guest of that server, by an account that the widget registers once (XEP-0077).
 *
 * Only what a guest needs is spoken here: opening, registering, PLAIN inside TLS, binding, messages, pings, upload slots. A
 * whole client library is larger than all the rest of the widget. Stream resumption is left out on purpose: ids, acks and
 * `after` lose nothing without it.
 *
 * A frame travels as JSON in an element of its own, with the elements beside it by which servers and other clients
 * understand it: origin-id (0359), receipts (0184), chat states (0085), markers (0333). All but messages are `no-store`.
 */

import { newId, type Down, type FileInfo, type Up } from "./protocol";
import type { Storage } from "./storage";
import type { Outcome, Transport, Upload, Wire, WireEnd } from "./wire";

const FRAMING = "urn:ietf:params:xml:ns:xmpp-framing";
const SASL = "urn:ietf:params:xml:ns:xmpp-sasl";
const BIND = "urn:ietf:params:xml:ns:xmpp-bind";
const REGISTER = "jabber:iq:register";
const PING = "urn:xmpp:ping";
const HINTS = "urn:xmpp:hints";
const RECEIPTS = "urn:xmpp:receipts";
const UPLOAD = "urn:xmpp:http:upload:0";
const FRAME = "urn:deskbell:chat:1";
const RETRY_MS = 15_000;

/** Where the server is, who its guests are, whom they write to, and what takes their files ("" for nothing). */
export interface XmppPlace {
  url: string;
  guests: string;
  to: string;
  upload: string;
}

interface Account {
  user: string;
  password: string;
}

type Answered = (answer: Element | null) => void;

export function xmppTransport(place: XmppPlace, storage: Storage): Transport {
  let session: Session | null = null;
  return {
    keeps: true,
    dial: (end) => (session = new Session(place, storage, end)),
    fileUrl: (url) => url,
    ...(place.upload && {
      upload: (_token: string, file: File, progress: (part: number) => void) => upload(place, session, file, progress),
    }),
  };
}

class Session implements Wire {
  private readonly socket: WebSocket;
  private readonly asked = new Map<string, Answered>();
  private account: Account | null;
  private isBound = false;
  private isOver = false;

  constructor(
    private readonly place: XmppPlace,
    private readonly storage: Storage,
    private readonly end: WireEnd,
  ) {
    this.account = storage.get<Account>("account");
    this.socket = new WebSocket(place.url, "xmpp");
    this.socket.onopen = () => this.begin();
    this.socket.onclose = this.socket.onerror = () => this.over();
    this.socket.onmessage = (event) => {
      if (this.isOver || typeof event.data !== "string") return;
      const element = new DOMParser().parseFromString(event.data, "text/xml").documentElement;
      if (element) this.heard(element);
    };
  }

  send(frame: Up): void {
    if (frame.t === "ping") this.ask(`<ping xmlns="${PING}"/>`, this.place.guests, "get", () => this.end.frame({ t: "pong" }));
    else if (this.isBound) this.raw(stanza(frame, this.place.to));
  }

  close(): void {
    this.isOver = true;
    this.raw(`<close xmlns="${FRAMING}"/>`);
    this.socket.close();
  }

  /** Ask the server for something; null when it says no. */
  ask(payload: string, to: string, type: "get" | "set", answered: Answered): void {
    const id = newId();
    this.asked.set(id, answered);
    this.raw(`<iq xmlns="jabber:client" id="${id}" type="${type}"${to && ` to="${escaped(to)}"`}>${payload}</iq>`);
  }

  // -- from nothing to a session

  private begin(): void {
    this.raw(`<open xmlns="${FRAMING}" to="${escaped(this.place.guests)}" version="1.0"/>`);
  }

  private heard(element: Element): void {
    switch (element.localName) {
      case "features": this.features(element); break;
      case "success": this.begin(); break;
      case "failure": this.refused(); break;
      case "iq": this.iq(element); break;
      case "message": this.message(element); break;
      case "close": case "error": this.over(); break;
    }
  }

  private features(element: Element): void {
    if (element.getElementsByTagNameNS(BIND, "bind").length) {
      this.ask(`<bind xmlns="${BIND}"><resource>${newId()}</resource></bind>`, "", "set", (answer) => this.bound(answer));
    } else if (this.account) this.signIn(this.account);
    else this.register();
  }

  private register(): void {
    const account = { user: newId(), password: newId() + newId() };
    const words = `<username>${account.user}</username><password>${account.password}</password>`;
    this.ask(`<query xmlns="${REGISTER}">${words}</query>`, "", "set", (answer) => {
      if (!answer) return this.over(); // too many guests just now: tried again later
      this.account = account;
      this.storage.set("account", account);
      this.signIn(account);
    });
  }

  private signIn({ user, password }: Account): void {
    this.raw(`<auth xmlns="${SASL}" mechanism="PLAIN">${btoa(`\0${user}\0${password}`)}</auth>`);
  }

  /** The server no longer knows this guest (it tidies up): be another one the next time. */
  private refused(): void {
    this.storage.remove("account");
    this.over();
  }

  private bound(answer: Element | null): void {
    if (!answer) return this.over();
    this.isBound = true;
    this.raw('<presence xmlns="jabber:client"/>');
    this.end.up();
  }

  // -- what comes

  private iq(element: Element): void {
    const id = element.getAttribute("id") ?? "";
    const type = element.getAttribute("type");
    if (type === "get" || type === "set") {
      const isPing = element.getElementsByTagNameNS(PING, "ping").length > 0;
      const to = element.getAttribute("from");
      const no = '<error type="cancel"><service-unavailable xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error>';
      const head = `<iq xmlns="jabber:client" id="${escaped(id)}"${to ? ` to="${escaped(to)}"` : ""}`;
      this.raw(isPing ? `${head} type="result"/>` : `${head} type="error">${no}</iq>`);
      return;
    }
    const answered = this.asked.get(id);
    this.asked.delete(id);
    answered?.(type === "result" || element.getElementsByTagNameNS(PING, "ping").length ? element : null);
  }

  /** Only the desk is heard, by its bare address; whatever else comes is nobody's. */
  private message(element: Element): void {
    const from = (element.getAttribute("from") ?? "").split("/")[0];
    if (from !== this.place.to || element.getAttribute("type") === "error") return;
    const text = element.getElementsByTagNameNS(FRAME, "frame")[0]?.textContent;
    if (!text) return;
    let frame: Down;
    try {
      frame = JSON.parse(text) as Down;
    } catch {
      return;
    }
    this.end.frame(frame);
  }

  private raw(text: string): void {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(text);
  }

  private over(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.socket.close();
    this.end.down();
  }
}

function stanza(frame: Up, to: string): string {
  const said = { ...frame, ...(frame.t === "hello" && { token: undefined }) }; // the address says who it is
  let beside = `<no-store xmlns="${HINTS}"/><no-copy xmlns="${HINTS}"/>`;
  let id = newId();
  if (frame.t === "msg") {
    id = frame.id;
    beside = `<body>${escaped(frame.body)}</body><origin-id xmlns="urn:xmpp:sid:0" id="${id}"/><request xmlns="${RECEIPTS}"/>`;
  } else if (frame.t === "ack") beside += `<received xmlns="${RECEIPTS}" id="${escaped(frame.id)}"/>`;
  else if (frame.t === "typing") beside += `<${frame.on ? "composing" : "paused"} xmlns="http://jabber.org/protocol/chatstates"/>`;
  const json = escaped(JSON.stringify(said));
  return `<message xmlns="jabber:client" type="chat" to="${escaped(to)}" id="${id}">${beside}<frame xmlns="${FRAME}">${json}</frame></message>`;
}

/** Text within XML; characters that XML 1.0 does not know would end the stream, so they go. */
function escaped(text: string): string {
  const signs: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  return text.replace(/[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "").replace(/[&<>"]/g, (sign) => signs[sign] ?? sign);
}

/** A place for the file from the upload service (XEP-0363), then the file; its address is its id. */
function upload(place: XmppPlace, session: Session | null, file: File, progress: (part: number) => void): Upload {
  const request = new XMLHttpRequest();
  const result = new Promise<Outcome<FileInfo>>((done) => {
    const later = () => done({ retry_ms: RETRY_MS });
    if (!session) return later();
    const asked = `<request xmlns="${UPLOAD}" filename="${escaped(file.name)}" size="${file.size}" content-type="${escaped(file.type)}"/>`;
    session.ask(asked, place.upload, "get", (answer) => {
      const put = answer?.getElementsByTagNameNS(UPLOAD, "put")[0];
      const get = answer?.getElementsByTagNameNS(UPLOAD, "get")[0]?.getAttribute("url");
      if (!put || !get) return done({ refused: "type" });
      request.open("PUT", put.getAttribute("url") ?? "");
      for (const header of put.children) request.setRequestHeader(header.getAttribute("name") ?? "", header.textContent ?? "");
      request.setRequestHeader("Content-Type", file.type);
      request.upload.onprogress = (event) => progress(event.total ? event.loaded / event.total : 0);
      request.onload = () => {
        const { name, type, size } = file;
        if (request.status >= 200 && request.status < 300) done({ ok: { id: get, name, type, size, url: get } });
        else later();
      };
      request.onerror = request.onabort = later;
      request.send(file);
    });
  });
  return { result, cancel: () => request.abort() };
}
