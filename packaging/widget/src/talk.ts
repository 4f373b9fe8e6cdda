/**
 * One visitor's conversation: what is known of it, and what every frame does to it. It knows neither the page nor what
 * carries the frames; whoever shows it listens.
 */

import { Log, type Line } from "./log";
import { Outbox, type Pending } from "./outbox";
import {
  LIMITS, newId, newToken,
  type Contact, type Down, type FileInfo, type Hours, type Identity, type Limits, type Look, type Photo, type State, type Up, type Welcome,
} from "./protocol";
import type { Standing } from "./line";
import type { Storage } from "./storage";

/** Things asked for that have no id of their own: repeated on every new line until the desk has answered. */
type Wish = "contact" | "rate" | "transcript" | "end";
const WISHES: readonly Wish[] = ["contact", "rate", "transcript", "end"];
const TYPING_MS = 3000;
const DAY_MS = 86_400_000;
const FACES = 8;

export interface Notice {
  what: "change" | "message" | "said";
  /** For "said": what came of something asked for: mailed, transcript, code, verified, file … */
  word?: string;
  line?: Line;
}

export class Talk {
  readonly log: Log;
  readonly outbox: Outbox;
  token: string;
  standing: Standing = "idle";
  stopped = "";
  /** Has the desk spoken since this page was loaded? */
  isMet = false;
  state: State = "";
  online = true;
  hours: Hours = { open: true, next: null };
  name = "";
  who = "";
  position: number | null = null;
  contact: Contact = { name: "", email: "" };
  readSeq = 0;
  /** The pictures of those who have answered here, by their names; the newest last. */
  faces: Record<string, Photo>;
  rated = 0;
  mayRate = false;
  limits: Limits = LIMITS;
  look: Look;
  typing = "";
  identity: Identity | undefined;
  seen = 0;
  private typingGone = 0;
  private typedAt = 0;
  private mending = 0;
  private lastOrder = 0;

  constructor(
    readonly storage: Storage,
    private readonly send: (frame: Up) => void,
    restart: () => void,
    private readonly tell: (notice: Notice) => void,
    private readonly isKeptOnTheWay: boolean,
  ) {
    this.log = new Log(storage);
    this.token = storage.get<string>("token") ?? "";
    this.look = storage.get<Look>("look") ?? {};
    this.name = storage.get<string>("name") ?? ""; // the head says after a reload what it said before
    this.who = this.log.lastWho;
    this.contact = storage.get<Contact>("contact") ?? this.contact;
    this.faces = storage.get<Record<string, Photo>>("faces") ?? {};
    this.seen = storage.get<number>("seen") ?? this.log.lastOut;
    this.outbox = new Outbox(storage, send, restart, () => this.askAgain());
    if (isKeptOnTheWay) Object.assign(this.outbox, { patience: DAY_MS, window: Infinity });
    storage.listen((key) => this.otherTab(key));
  }

  /** Is there anything that a line is needed for, although nobody opened the chat on this page? */
  get isGoingOn(): boolean {
    return this.token !== "" && (this.log.all.length > 0 || this.outbox.all.length > 0);
  }

  get unread(): number {
    const { conversation } = this.log;
    return this.log.all.filter((one) => one.dir === "out" && one.conversation === conversation && one.seq > this.seen).length;
  }

  get isOver(): boolean {
    return this.state === "ended" || this.state === "missed" || this.state === "turned";
  }

  // -- what the line tells

  /** The visitor's token, made when it is needed first. Another tab may have made it, and one browser is one visitor. */
  makeToken(): string {
    const kept = this.storage.get<string>("token");
    this.token = kept || this.token || newToken();
    if (!kept) this.storage.set("token", this.token);
    return this.token;
  }

  hello(page: string, lang: string): void {
    const token = this.makeToken();
    const { identity } = this;
    const { conversation, after } = this.log;
    this.send({ t: "hello", v: 1, token, conversation, after, page, lang, ...(identity && { identity }) });
    // What the desk has not heard goes to what keeps it, whether the desk is there or not.
    if (this.isKeptOnTheWay) this.outbox.up();
  }

  stands(now: Standing, reason: string): void {
    this.standing = now;
    this.stopped = reason;
    if (now !== "up") {
      this.outbox.down();
      this.setTyping("");
    }
    this.tell({ what: "change" });
  }

  take(frame: Down): void {
    switch (frame.t) {
      case "welcome": this.welcome(frame); break;
      case "msg": this.spoken(frame); break;
      case "ack": this.outbox.keep(frame.id); break;
      case "placed": this.placed(frame); break;
      case "no": this.refused(frame.id, frame.reason); break;
      case "typing": this.setTyping(frame.on && !this.isOver ? frame.who || " " : ""); break;
      case "read": this.readSeq = Math.max(this.readSeq, frame.seq); break;
      case "state":
        this.turnTo(frame.conversation);
        this.state = frame.state;
        this.answers(frame.who, frame.photo);
        this.position = frame.position;
        this.mayRate = frame.rate && !this.rated;
        if (this.isOver) {
          this.granted("end");
          this.setTyping("");
        }
        break;
      case "online":
        this.online = frame.online;
        this.hours = frame.hours;
        break;
      case "contact":
        this.setContact(frame);
        if (this.storage.get("wish:contact")) this.tell({ what: "said", word: "contact" });
        this.granted("contact");
        if (frame.verified) this.tell({ what: "said", word: "verified" });
        break;
      case "rated":
        this.rated = frame.score;
        this.granted("rate");
        break;
      case "photo": this.keepFace(frame.who, { id: frame.id, data: frame.data }); break;
      case "done":
        this.granted(frame.what as Wish);
        this.tell({ what: "said", word: frame.what });
        break;
      case "slow": this.outbox.slow(frame.retry_ms, frame.id); break;
      default: return;
    }
    this.tell({ what: "change" });
  }

  private welcome(frame: Welcome): void {
    this.isMet = true;
    this.turnTo(frame.conversation);
    this.state = frame.state;
    this.online = frame.online;
    this.hours = frame.hours;
    this.name = frame.name;
    this.storage.set("name", frame.name);
    this.answers(frame.who, frame.photo);
    this.position = frame.position;
    this.readSeq = frame.read_seq;
    this.limits = { ...LIMITS, ...frame.limits };
    this.outbox.limits = this.limits;
    if (frame.rated) this.rated ||= 1;
    if (frame.contact.email || frame.contact.name) this.setContact(frame.contact);
    this.look = frame.settings;
    this.storage.set("look", frame.settings);
    this.mayRate = frame.rate && !frame.rated;
    if (!this.isKeptOnTheWay) this.outbox.up();
    for (const wish of WISHES) {
      const kept = this.storage.get<Up>("wish:" + wish);
      if (kept) this.send(kept);
    }
  }

  /** Somebody answers; their picture is asked for if it is another one than is here. */
  private answers(who: string, photo = ""): void {
    this.who = who;
    if (!who || (this.faces[who]?.id ?? "") === photo) return;
    if (photo) this.send({ t: "photo" });
    else this.keepFace(who, null);
  }

  private keepFace(who: string, photo: Photo | null): void {
    const others = Object.entries(this.faces).filter(([name]) => name !== who);
    this.faces = Object.fromEntries([...others, ...(photo ? [[who, photo] as const] : [])].slice(-FACES));
    this.storage.set("faces", this.faces);
  }

  private spoken(frame: Extract<Down, { t: "msg" }>): void {
    this.turnTo(frame.conversation);
    const isNew = this.log.take(frame);
    if (frame.dir === "in") this.outbox.done(frame.id);
    else {
      this.setTyping("");
      if (frame.who) this.who = frame.who;
      this.send({ t: "ack", id: frame.id, seq: frame.seq }); // stored by now, also when it was stored before
      const line = this.log.all.find((one) => one.id === frame.id);
      if (isNew && line) this.tell({ what: "message", line });
    }
    this.mend();
  }

  private placed(frame: Extract<Down, { t: "placed" }>): void {
    const item = this.outbox.all.find((one) => one.id === frame.id);
    const isAnother = frame.conversation !== this.log.conversation;
    if (item) {
      this.turnTo(frame.conversation);
      const { id, body, files } = item;
      this.log.add({ id, conversation: frame.conversation, seq: frame.seq, dir: "in", body, at: frame.at, who: "", files });
    }
    this.outbox.done(frame.id); // only now that the log has it: at no moment is it in neither
    // The desk says how it stands in a moment; until then it is known that somebody is waited for.
    if (isAnother || !this.state) this.state = "waiting";
    else if (this.isOver) this.state = "";
    this.mend();
  }

  private refused(id: string, reason: string): void {
    if (id === "code" || id === "transcript" || id === "rate") {
      if (id !== "code") this.granted(id);
      this.tell({ what: "said", word: "no:" + id });
    } else this.outbox.refuse(id, reason);
  }

  private turnTo(conversation: string): void {
    if (!conversation || conversation === this.log.conversation) return;
    if (this.log.conversation) {
      this.rated = 0;
      this.mayRate = false;
      this.readSeq = 0;
      this.setSeen(0);
    }
    this.log.turnTo(conversation);
  }

  /** A hole in the row of numbers: ask again, once things have calmed down. */
  private mend(): void {
    clearTimeout(this.mending);
    if (!this.log.isTorn) return;
    this.mending = window.setTimeout(() => this.log.isTorn && this.askAgain(), 1000);
  }

  private askAgain(): void {
    if (this.standing === "up") this.tell({ what: "said", word: "torn" });
  }

  // -- what the visitor does

  say(body: string, files: FileInfo[], contact?: Contact): void {
    this.lastOrder = Math.max(this.lastOrder + 1, Date.now());
    const item: Pending = { id: newId(), order: this.lastOrder, body, files };
    if (contact) {
      this.setContact(contact);
      Object.assign(item, { name: contact.name, email: contact.email });
    }
    this.outbox.put(item);
    this.typedAt = 0;
    this.tell({ what: "change" });
  }

  /** Ask for something until it is answered. */
  wish(frame: Extract<Up, { t: Wish }>): void {
    this.storage.set("wish:" + frame.t, frame);
    this.send(frame);
    if (frame.t === "rate") this.rated = frame.score;
    this.tell({ what: "change" });
  }

  tryCode(code: string): void {
    this.send({ t: "code", code });
  }

  /** A key was pressed in the composer, or the composer was emptied. */
  types(isTyping: boolean): void {
    const now = performance.now();
    if (isTyping ? now - this.typedAt < TYPING_MS && this.typedAt > 0 : !this.typedAt) return;
    this.typedAt = isTyping ? now : 0;
    this.send({ t: "typing", on: isTyping });
  }

  /** Everything up to here has been before the visitor's eyes. */
  sees(): void {
    const last = this.log.lastOut;
    if (last <= this.seen) return;
    this.setSeen(last);
    this.send({ t: "read", seq: last });
    this.tell({ what: "change" });
  }

  // -- within

  private setSeen(seq: number): void {
    this.seen = seq;
    this.storage.set("seen", seq);
  }

  setContact(contact: Contact): void {
    this.contact = { name: contact.name, email: contact.email, verified: contact.verified ?? false };
    this.storage.set("contact", this.contact);
  }

  private granted(wish: Wish): void {
    this.storage.remove("wish:" + wish);
  }

  private setTyping(who: string): void {
    clearTimeout(this.typingGone);
    this.typing = who;
    // Whoever types says so every three seconds; a cut line never says that it is over.
    if (who) {
      this.typingGone = window.setTimeout(() => {
        this.typing = "";
        this.tell({ what: "change" });
      }, 3 * TYPING_MS);
    }
  }

  private otherTab(key: string): void {
    if (key.startsWith("out:")) this.outbox.reload();
    else if (key === "log") this.log.reload();
    else if (key === "seen") this.seen = this.storage.get<number>("seen") ?? this.seen;
    else if (key === "faces") this.faces = this.storage.get<Record<string, Photo>>("faces") ?? this.faces;
    else if (key === "token") {
      const token = this.storage.get<string>("token");
      if (token && token !== this.token && !this.log.all.length) this.token = token;
    } else return;
    this.tell({ what: "change" });
  }
}
