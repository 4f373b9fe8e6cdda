/**
 * The widget as a whole: brings together the conversation, the line, and what is on the page, and decides what is shown.
 *
 * Nothing is asked of the desk before the visitor opens the chat or has one going on: most who read a page never chat, and
 * they are nobody's business.
 */

import { Leaving } from "./leaving";
import { Line, type Standing } from "./line";
import { identityOf, isColour, type Options } from "./options";
import type { Down } from "./protocol";
import { Storage } from "./storage";
import { Tabs } from "./tabs";
import { Talk, type Notice } from "./talk";
import { legible, inkOn } from "./view/colour";
import { Composer } from "./view/composer";
import { h, icon, ICONS, setText } from "./view/dom";
import { actions, AskingForm, smallForm, type Answers } from "./view/forms";
import type { Choice } from "./view/menu";
import { Messages } from "./view/messages";
import { Panel } from "./view/panel";
import { rating } from "./view/rating";
import { chime } from "./view/sound";
import styles from "./view/styles.css";
import type { OfflineForm, Transport } from "./wire";
import { Speech } from "./words";
import type { Words } from "./words/en";

const DEFAULT_COLOUR = "#2f6fed";
/** How long the desk may be silent before the visitor is told that it cannot be reached. */
const PATIENCE_MS = 4000;
const REASONS: Record<string, keyof Words> = { text: "needText", empty: "needText", fast: "tooFast", long: "whyLong" };

interface Prefs {
  isOpen?: boolean;
  isQuiet?: boolean;
}

export class Chat {
  private readonly storage: Storage;
  private readonly talk: Talk;
  private readonly line: Line;
  private readonly speech: Speech;
  private readonly host = h("div");
  private readonly root: HTMLElement;
  private readonly panel: Panel;
  private readonly messages: Messages;
  private readonly composer: Composer;
  private readonly before: AskingForm;
  private readonly away: AskingForm;
  private readonly thanks = h("div", { class: "thanks", role: "status" });
  private readonly thanksText = h("p");
  private readonly rating: HTMLElement;
  private readonly bubble: HTMLButtonElement;
  private readonly badge = h("em", { "aria-hidden": true, hidden: true });
  private readonly tease: HTMLButtonElement;
  private readonly drop: HTMLElement;
  private prefs: Prefs;
  private asked: HTMLElement | null = null;
  private readonly leaving: Leaving;
  private isThanked = false;
  private isLate = false;
  private isDrawing = false;

  private readonly transport: Transport;

  constructor(
    private readonly options: Options,
    transporting: (storage: Storage) => Transport,
  ) {
    this.speech = new Speech([options.lang, document.documentElement.lang, ...navigator.languages]);
    this.storage = new Storage(`deskbell:${new URL(options.base).host}:`);
    const transport = (this.transport = transporting(this.storage));
    this.prefs = this.storage.get<Prefs>("prefs") ?? {};
    const tabs = new Tabs((end) => transport.dial(end), this.storageName(), () => this.line.wake());
    const owner = {
      up: () => this.hello(),
      frame: (frame: Down) => this.talk.take(frame),
      standing: (now: Standing, reason: string) => this.talk.stands(now, reason),
    };
    this.line = new Line(tabs.dial, owner, transport.keeps);
    this.talk = new Talk(this.storage, (frame) => this.line.send(frame), () => this.line.restart(), (notice) => this.noted(notice), transport.keeps);
    this.talk.identity = options.identity;
    this.leaving = new Leaving(this.storage, transport, {
      visitor: () => ({ token: this.talk.makeToken(), page: this.page, lang: this.speech.lang }),
      answered: (form, refused) => this.answered(form, refused),
    });

    const { speech } = this;
    this.composer = new Composer(speech, this.composing(), this.storage.get<string>("draft") ?? "");
    this.messages = new Messages(this.talk, speech, {
      fileUrl: (url) => transport.fileUrl(url),
      localUrl: (id) => this.composer.localUrl(id),
      editAgain: (item) => {
        this.talk.outbox.done(item.id);
        this.composer.put(item.body);
        this.draw();
      },
    });
    this.before = new AskingForm(speech, ["name", "email", "text"], speech.say("before"), speech.say("begin"), (said) => this.begin(said));
    this.away = new AskingForm(speech, ["name", "email", "text"], speech.say("awayText"), speech.say("awaySend"), (said) => this.leave(said));
    this.thanks.append(this.thanksText, h("button", { class: "link", type: "button", onclick: () => this.anotherForm() }, speech.say("another")));
    this.rating = rating(speech, (score, comment) => this.talk.wish({ t: "rate", score, ...(comment && { comment }) }));
    this.panel = new Panel(speech, this.messages.element, () => this.choices(), () => (this.isUnreachable ? this.askContact() : this.askMail()), () => this.close());
    this.bubble = h("button", { class: "bub", type: "button", "aria-expanded": "false", onclick: () => this.open() }, icon(ICONS.bubble, 26), this.badge);
    this.tease = h("button", { class: "tease", type: "button", hidden: true, onclick: () => this.open() }, h("b"), h("span", { dir: "auto" }));
    this.drop = h("div", { class: "drop", hidden: true, "aria-hidden": true }, speech.say("drop"));
    this.panel.element.append(this.drop);
    const live = h("div", { role: "status" }, this.tease);
    this.root = h("div", { class: "db", lang: speech.lang, dir: getComputedStyle(document.documentElement).direction }, live, this.bubble, this.panel.element);
    this.mount();
  }

  // -- for the page

  open(): void {
    this.prefs.isOpen = true;
    this.keepPrefs();
    this.panel.open(true);
    this.tease.hidden = true;
    this.bubble.hidden = true;
    this.line.open();
    this.drawNow();
    this.messages.toEnd();
    this.focus();
  }

  close(): void {
    this.prefs.isOpen = false;
    this.keepPrefs();
    this.panel.open(false);
    this.bubble.hidden = false;
    this.drawNow();
    this.bubble.focus();
  }

  /** The website tells who its signed-in visitor is: `{email, name, at, sig}`, signed by its server. */
  identify(said: unknown): void {
    this.talk.identity = identityOf(said);
    if (this.talk.standing === "up") this.hello();
  }

  // -- beginning

  private mount(): void {
    this.host.id = "deskbell-chat";
    const shadow = this.host.attachShadow({ mode: "open" });
    try {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(styles);
      shadow.adoptedStyleSheets = [sheet]; // works under a page's Content-Security-Policy; an element with a style would not
    } catch {
      shadow.append(h("style", {}, styles));
    }
    shadow.append(this.root);
    this.listenForFiles();
    document.body.append(this.host);
    document.addEventListener("visibilitychange", () => this.draw());
    if (this.prefs.isOpen && this.talk.isGoingOn && !matchMedia("(max-width: 479px)").matches) {
      this.panel.open(true);
      this.bubble.hidden = true;
    }
    if (this.talk.isGoingOn || this.leaving.form) this.line.open();
    setTimeout(() => {
      this.isLate = true;
      this.draw();
    }, PATIENCE_MS);
    this.drawNow();
    this.messages.toEnd();
  }

  private hello(): void {
    this.talk.hello(this.page, this.speech.lang);
    this.leaving.retry();
  }

  /** Where the visitor is, without what may be secret in it: a query often has names and keys. */
  private get page(): string {
    return (location.origin + location.pathname).slice(0, 500);
  }

  private storageName(): string {
    return "deskbell-chat " + this.options.base;
  }

  private composing(): ConstructorParameters<typeof Composer>[1] {
    const { talk, transport } = this;
    return {
      get limits() {
        return talk.limits;
      },
      say: (text, files) => this.talk.say(text, files),
      types: (isTyping) => this.talk.types(isTyping),
      upload: transport.upload && ((file, progress) => transport.upload?.(talk.token, file, progress) ?? null),
      keepDraft: (text) => (text ? this.storage.set("draft", text) : this.storage.remove("draft")),
      tell: (text) => this.panel.tell(text),
    };
  }

  private listenForFiles(): void {
    const { element } = this.panel;
    const carries = (event: DragEvent) => event.dataTransfer?.types.includes("Files") && this.composer.element.isConnected;
    element.addEventListener("dragover", (event) => {
      if (!carries(event)) return;
      event.preventDefault();
      this.drop.hidden = false;
    });
    element.addEventListener("dragleave", (event) => {
      if (!element.contains(event.relatedTarget as Node | null)) this.drop.hidden = true;
    });
    element.addEventListener("drop", (event) => {
      this.drop.hidden = true;
      if (!carries(event)) return;
      event.preventDefault();
      this.composer.take(event.dataTransfer?.files ?? null);
    });
  }

  // -- what happens

  private noted(notice: Notice): void {
    if (notice.what === "message" && notice.line) this.arrived(notice.line.who, notice.line.body || notice.line.files[0]?.name || "");
    if (notice.what === "said") this.said(notice.word ?? "");
    this.draw();
  }

  private arrived(who: string, text: string): void {
    const isUnseen = !this.panel.isOpen || document.visibilityState !== "visible" || !document.hasFocus();
    if (isUnseen && !this.prefs.isQuiet && this.options.sound) chime();
    if (this.panel.isOpen) return;
    const [name, words] = this.tease.children as unknown as [HTMLElement, HTMLElement];
    setText(name, who || this.title);
    setText(words, text);
    this.tease.hidden = false;
  }

  private said(word: string): void {
    const { speech, talk } = this;
    if (word === "torn") this.hello();
    else if (word === "transcript") this.panel.tell(speech.say("mailed", { email: talk.contact.email }));
    else if (word === "no:transcript") this.panel.tell(speech.say("mailFailed"));
    else if (word === "contact") this.panel.tell(talk.contact.email ? speech.say("awayThanks", { email: talk.contact.email }) : speech.say("needEmail"));
    else if (word === "no:code") this.panel.tell(speech.say("codeWrong"));
    else if (word === "verified") {
      this.panel.tell(speech.say("verified"));
      this.ask(null);
    }
  }

  private begin(said: Answers): void {
    this.talk.say(said.text, [], { name: said.name, email: said.email });
    this.before.clear("text");
    this.drawNow();
    this.focus();
  }

  private leave(said: Answers): void {
    if (!this.transport.offline) return this.begin(said);
    this.isThanked = true;
    this.leaving.leave(said);
    this.drawNow();
  }

  /** What came of a question that was left. */
  private answered(form: OfflineForm, refused: string): void {
    if (!refused) {
      this.talk.setContact(form);
      this.away.clear("text");
      this.composer.clear(); // it may have been begun there
    }
    this.isThanked = this.isThanked && !refused;
    if (refused) this.away.fill(form);
    this.drawNow();
    if (refused === "email") this.away.complain("email");
    else if (refused) this.away.complain("text", this.speech.say(REASONS[refused] ?? "whyOther"));
  }

  private anotherForm(): void {
    this.isThanked = false;
    this.drawNow();
    this.focus();
  }

  private askMail(): void {
    this.askAddress("mailIt", (email) => {
      this.talk.contact.email ||= email;
      this.talk.wish({ t: "transcript", email });
    });
  }

  /** Where the answer may go if the visitor cannot wait for it here. */
  private askContact(): void {
    this.askAddress("confirm", (email) => this.talk.wish({ t: "contact", name: this.talk.contact.name, email }));
  }

  private askAddress(submit: keyof Words, done: (email: string) => void): void {
    const act = (email: string) => {
      done(email);
      this.ask(null);
    };
    this.ask(smallForm(this.speech, "email", this.speech.say(submit), this.talk.contact.email, act, () => this.ask(null)));
  }

  private askCode(): void {
    const { speech, talk } = this;
    this.ask(smallForm(speech, "code", speech.say("confirm"), "", (code) => talk.tryCode(code), () => this.ask(null)));
  }

  /** A small form above the composer; null takes it away and gives the keyboard back. */
  private ask(form: HTMLElement | null): void {
    this.asked = form;
    this.drawNow();
    if (form) form.querySelector("input")?.focus();
    else this.focus();
  }

  private choices(): Choice[] {
    const { speech, talk, prefs } = this;
    const choices: Choice[] = [
      { words: speech.say(prefs.isQuiet ? "soundOn" : "soundOff"), act: () => this.turnSound() },
    ];
    if (talk.standing === "stopped") return choices;
    if (this.mayMail) choices.push({ words: speech.say("mailIt"), act: () => this.askMail() });
    if (talk.log.all.length && !talk.contact.email) choices.push({ words: speech.say("answerMe"), act: () => this.askContact() });
    if (talk.state !== "waiting" && talk.state !== "live") return choices;
    if (!talk.contact.verified) choices.push({ words: speech.say("enterCode"), act: () => this.askCode() });
    choices.push({ words: speech.say("endChat"), act: () => this.askEnd() });
    return choices;
  }

  private askEnd(): void {
    const { speech } = this;
    const end = h("button", { class: "primary", type: "button" }, speech.say("endChat"));
    end.addEventListener("click", () => {
      this.talk.wish({ t: "end" });
      this.ask(null);
    });
    this.ask(h("div", { class: "small-form", role: "group", "aria-label": speech.say("endSure") }, h("p", { class: "who" }, speech.say("endSure")), actions(end, speech.say("cancel"), () => this.ask(null))));
    end.focus();
  }

  private turnSound(): void {
    this.prefs.isQuiet = !this.prefs.isQuiet;
    this.keepPrefs();
    if (!this.prefs.isQuiet) chime();
  }

  private keepPrefs(): void {
    this.storage.set("prefs", this.prefs);
  }

  // -- what is shown

  private get title(): string {
    return this.talk.who || this.options.name || this.talk.name || this.speech.say("chat");
  }

  private get mayMail(): boolean {
    return this.talk.standing !== "stopped" && this.talk.look.transcript !== false && this.talk.log.all.length > 0;
  }

  /** Nobody has answered, and nobody could once this page is closed. */
  private get isUnreachable(): boolean {
    const { state, contact } = this.talk;
    return this.talk.standing !== "stopped" && (state === "waiting" || state === "missed") && !contact.email && !this.isAway;
  }

  private get isActive(): boolean {
    return this.talk.state === "waiting" || this.talk.state === "live" || this.talk.outbox.all.length > 0;
  }

  /** Nobody answers now: closed, away, or the desk cannot be reached and nothing is going on that waits for it. */
  private get isAway(): boolean {
    const { talk } = this;
    if (this.isActive) return false;
    if (talk.isMet) return !talk.online;
    return this.isLate && !talk.log.all.length && talk.standing !== "idle";
  }

  /** Draw soon: a hundred frames of one moment cost one drawing. */
  private draw(): void {
    if (this.isDrawing) return;
    this.isDrawing = true;
    const now = () => {
      if (this.isDrawing) this.drawNow();
    };
    if (document.visibilityState === "visible") requestAnimationFrame(now);
    setTimeout(now, 100);
  }

  private drawNow(): void {
    this.isDrawing = false;
    const { talk, panel, options } = this;
    if (!panel) return;
    this.dress();
    if (panel.isOpen) {
      const isAtEnd = this.messages.isAtEnd;
      this.messages.show(options.greeting || talk.look.greeting || "", this.current() === this.composer.element);
      panel.show({ title: this.title, isPerson: talk.who !== "", photo: talk.faces[talk.who], line: this.headLine(), isHere: talk.standing === "up" && talk.online, state: this.stateLine(), footer: this.footLine() });
      this.place();
      if (isAtEnd) this.messages.toEnd(); // what stands below may have grown
      if (document.visibilityState === "visible" && this.messages.isAtEnd) talk.sees();
    }
    const { unread } = talk;
    this.badge.hidden = !unread;
    setText(this.badge, unread > 99 ? "99+" : String(unread));
    if (!unread) this.tease.hidden = true;
    this.bubble.setAttribute("aria-label", unread ? this.speech.say("openNew", { n: unread }) : this.speech.say("open"));
  }

  /** Put in place what can be done now, and keep the keyboard where a person would look for it. */
  private place(): void {
    const { talk } = this;
    const hadFocus = this.panel.element.contains((this.host.shadowRoot as ShadowRoot).activeElement);
    const extra = this.asked ?? (talk.mayRate && !talk.rated && talk.look.rating !== false ? this.rating : null);
    this.panel.placeExtra(extra);
    if (this.isAway && !this.isThanked) {
      const isReachable = talk.standing === "up";
      this.away.setIntro(this.speech.say("awayText") + (isReachable ? "" : " " + this.speech.say("awayKept")));
      this.away.fill({ name: talk.contact.name, email: talk.contact.email, text: this.composer.text });
    }
    if (this.panel.place(this.current()) && hadFocus) this.focus();
  }

  private current(): HTMLElement | null {
    const { talk, speech } = this;
    if (talk.standing === "stopped") return null;
    if (this.isAway) {
      if (!this.isThanked) return this.away.element;
      const email = this.leaving.form?.email ?? talk.contact.email;
      setText(this.thanksText, this.leaving.form && talk.standing !== "up" ? speech.say("awayKept") : speech.say("awayThanks", { email }));
      return this.thanks;
    }
    if (!talk.isMet && !talk.isGoingOn && !this.isLate) return null;
    const isNew = !talk.log.all.length && !talk.outbox.all.length;
    return talk.look.prechat && isNew && !talk.contact.email ? this.before.element : this.composer.element;
  }

  private headLine(): string {
    const { talk, speech } = this;
    const { next } = talk.hours;
    if (talk.standing === "stopped") return speech.say("blocked");
    if (!talk.isMet && !this.isLate) return talk.standing === "dialling" ? speech.say("connecting") : "";
    // Who is there is not known while the line is down: nothing is said about it then.
    if (talk.standing !== "up" || !talk.isMet) return talk.isMet || talk.isGoingOn ? speech.say("reconnecting") : "";
    if (!talk.online) return next ? speech.say("opens", { time: speech.moment(next) }) : speech.say("nobody");
    return next ? speech.say("hereUntil", { time: speech.moment(next) }) : speech.say("here");
  }

  private stateLine(): string {
    const { talk, speech } = this;
    if (talk.standing === "stopped") return "";
    if (talk.outbox.all.length && !this.storage.isKept) return speech.say("notKept");
    const isLost = this.isLate && talk.standing !== "idle" && (talk.standing !== "up" || !talk.isMet);
    if (isLost) return this.isAway ? "" : talk.isGoingOn || talk.isMet ? speech.say("lost") : speech.say("reconnecting");
    if (talk.typing) return speech.say("typing", { name: talk.typing.trim() || talk.who || speech.say("someone") });
    // While nobody is there nobody is waited for: what was written is answered by mail.
    if (talk.state === "waiting" && !talk.online) return talk.contact.email ? speech.say("awayThanks", { email: talk.contact.email }) : "";
    if (talk.state === "waiting") return talk.position ? speech.say("queue", { n: talk.position }) : speech.say("soon");
    if (talk.rated && talk.isOver) return speech.say("rateThanks");
    return talk.isOver ? speech.say("over") : "";
  }

  /** The one thing that is offered below: first of all a way to be answered, then the chat by mail. */
  private footLine(): string {
    if (this.asked) return "";
    return this.isUnreachable ? this.speech.say("answerMe") : this.mayMail ? this.speech.say("mailIt") : "";
  }

  private dress(): void {
    const { options, talk, root } = this;
    const colour = options.colour || isColour(talk.look.colour) || DEFAULT_COLOUR;
    root.dataset.theme = options.theme;
    root.dataset.side = options.side || talk.look.side || (root.dir === "rtl" ? "left" : "right");
    root.style.setProperty("--accent", colour);
    root.style.setProperty("--on-accent", inkOn(colour));
    root.style.setProperty("--link-on-light", legible(colour, "#ffffff"));
    root.style.setProperty("--link-on-dark", legible(colour, "#262d38"));
    this.bubble.setAttribute("aria-expanded", String(this.panel.isOpen));
    this.panel.element.setAttribute("aria-label", this.speech.say("chatWith", { name: this.title }));
  }

  private focus(): void {
    const now = this.current();
    if (now === this.composer.element) this.composer.field.focus();
    else if (now === this.away.element) this.away.focus();
    else if (now === this.before.element) this.before.focus();
    else (now?.querySelector<HTMLElement>("button, input") ?? this.messages.element).focus();
  }
}
