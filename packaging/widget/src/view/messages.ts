/**
 * The conversation as it is shown: what the desk has confirmed in its order, then what still waits to be sent.
 *
 * An element once shown stays the same element, so that a screen reader says each message once and nothing jumps. Old lines
 * beyond the newest few hundred are not drawn.
 */

import type { Line } from "../log";
import type { Pending } from "../outbox";
import type { FileInfo } from "../protocol";
import type { Talk } from "../talk";
import type { Speech } from "../words";
import { h, icon, ICONS, paintFace, setText } from "./dom";
import { linked } from "./text";

const SHOWN = 300;
const TOGETHER_MS = 5 * 60_000;

interface Item {
  id: string;
  dir: "in" | "out";
  body: string;
  at: string;
  who: string;
  files: readonly FileInfo[];
  conversation: string;
  seq: number;
  pending?: Pending;
}

interface Drawn {
  element: HTMLElement;
  face: HTMLElement | null;
  meta: HTMLElement;
  day: HTMLElement;
  files: string;
  refused: boolean;
}

export interface MessagesOwner {
  fileUrl(url: string): string;
  /** A picture of this page's own that was just uploaded, by the file's id. */
  localUrl(id: string): string | undefined;
  editAgain(item: Pending): void;
}

export class Messages {
  readonly element: HTMLElement;
  private readonly list = h("div", { class: "list" });
  private readonly dots: HTMLElement;
  private readonly drawn = new Map<string, Drawn>();

  constructor(
    private readonly talk: Talk,
    private readonly speech: Speech,
    private readonly owner: MessagesOwner,
  ) {
    this.dots = h("div", { class: "row in dots", "aria-hidden": true, hidden: true }, h("div", { class: "m" }, h("i"), h("i"), h("i")));
    this.element = h(
      "div",
      { class: "log", role: "log", "aria-live": "polite", "aria-label": speech.say("messages"), tabindex: 0 },
      this.list,
      this.dots,
    );
    // Who reads the end goes on reading the end, whatever grows below: a form, a keyboard, another line of text.
    let wasAtEnd = true;
    this.element.addEventListener("scroll", () => (wasAtEnd = this.isAtEnd));
    new ResizeObserver(() => wasAtEnd && this.toEnd()).observe(this.element);
  }

  /** An empty log leaves its room to a form; above the composer, which stands at the bottom, it keeps it. */
  show(greeting: string, isAboveComposer: boolean): void {
    const isAtEnd = this.isAtEnd;
    const items = this.items(greeting);
    const ids = new Set(items.map((item) => item.id));
    for (const [id, one] of this.drawn) {
      if (!ids.has(id)) {
        one.element.remove();
        this.drawn.delete(id);
      }
    }
    let isOwnNew = false;
    items.forEach((item, index) => {
      let one = this.drawn.get(item.id);
      if (!one || one.files !== fileKey(item) || one.refused !== !!item.pending?.refused) {
        const old = one;
        one = this.draw(item);
        if (old) old.element.replaceWith(one.element);
        else isOwnNew ||= item.dir === "in";
        this.drawn.set(item.id, one);
      }
      if (this.list.children[index] !== one.element) this.list.insertBefore(one.element, this.list.children[index] ?? null);
      this.dress(one, item, items[index - 1], items[index + 1]);
    });
    this.dots.hidden = !this.talk.typing;
    this.element.classList.toggle("none", !items.length && !isAboveComposer);
    if (isAtEnd || isOwnNew) this.toEnd();
  }

  toEnd(): void {
    this.element.scrollTop = this.element.scrollHeight;
  }

  get isAtEnd(): boolean {
    const { scrollTop, scrollHeight, clientHeight } = this.element;
    return scrollHeight - scrollTop - clientHeight < 60;
  }

  private items(greeting: string): Item[] {
    const { log, outbox } = this.talk;
    const items: Item[] = log.all.slice(-SHOWN).map((line: Line) => ({ ...line }));
    for (const one of outbox.all) {
      if (!log.has(one.id)) items.push({ ...waiting(one), conversation: log.conversation });
    }
    if (greeting && log.all.length < SHOWN) {
      items.unshift({ id: "greeting", dir: "out", body: greeting, at: "", who: "", files: [], conversation: "", seq: 0 });
    }
    return items;
  }

  private draw(item: Item): Drawn {
    const { speech } = this;
    const isOwn = item.dir === "in";
    const speaker = this.speaker(item);
    const refused = item.pending?.refused;
    const bubble = h("div", { class: "m", dir: "auto" }, h("span", { class: "vh" }, speaker + ": "), ...linked(item.body, speech.say("newWindow")));
    for (const file of item.files) bubble.append(this.file(file));
    const meta = h("div", { class: "meta" });
    const day = h("div", { class: "day" });
    const body = h("div", { class: "body" }, bubble, meta);
    if (refused && item.pending) body.append(this.refusal(item.pending, refused));
    const face = isOwn ? null : h("span", { class: "face", "aria-hidden": true });
    const element = h("div", { class: "item" }, day, h("div", { class: "row " + item.dir + (refused ? " bad" : "") }, face, body));
    return { element, face, meta, day, files: fileKey(item), refused: !!refused };
  }

  private speaker(item: Item): string {
    return item.dir === "in" ? this.speech.say("you") : item.who || this.talk.name || this.speech.say("someone");
  }

  private refusal(item: Pending, reason: string): HTMLElement {
    const { speech, owner } = this;
    const why = reason === "long" ? "whyLong" : reason === "file" ? "whyFile" : "whyOther";
    const again = h("button", { class: "link", type: "button", onclick: () => owner.editAgain(item) }, speech.say("editAgain"));
    return h("div", { class: "why" }, speech.say(why) + " ", again);
  }

  private file(file: FileInfo): HTMLElement {
    const url = file.url ? this.owner.fileUrl(file.url) : this.owner.localUrl(file.id);
    const chip = h("span", { class: "file" }, icon(ICONS.file), h("span", { dir: "auto" }, `${file.name} · ${this.speech.size(file.size)}`));
    if (!url) return chip;
    const link = h("a", { href: url, target: "_blank", rel: "noopener noreferrer", download: file.name }, chip);
    if (!file.type.startsWith("image/")) return link;
    const picture = h("img", { src: url, alt: file.name, class: "pic", decoding: "async" });
    picture.addEventListener("error", () => picture.replaceWith(chip));
    picture.addEventListener("load", () => this.isNearEnd() && this.toEnd());
    link.replaceChildren(picture);
    return link;
  }

  private isNearEnd(): boolean {
    const { scrollTop, scrollHeight, clientHeight } = this.element;
    return scrollHeight - scrollTop - clientHeight < 320;
  }

  /** What depends on the neighbours and on what has happened to it since. */
  private dress(one: Drawn, item: Item, before: Item | undefined, after: Item | undefined): void {
    const { speech, talk } = this;
    const when = moment(item);
    if (one.face) paintFace(one.face, this.speaker(item), item.who !== "", talk.faces[item.who]);
    const isNewDay = when > 0 && (!before || new Date(moment(before)).toDateString() !== new Date(when).toDateString());
    setText(one.day, isNewDay ? speech.day(new Date(when).toISOString()) : "");
    one.day.hidden = !isNewDay;
    const said = this.status(item);
    const isLast = !after || after.dir !== item.dir || moment(after) - when > TOGETHER_MS || this.status(after) !== said;
    const time = when ? speech.clock(new Date(when).toISOString()) : "";
    setText(one.meta, isLast ? [item.dir === "out" ? item.who : "", time, said].filter(Boolean).join(" · ") : "");
    one.element.classList.toggle("last", isLast);
  }

  private status(item: Item): string {
    if (item.dir === "out") return "";
    const { speech, talk } = this;
    if (item.pending) return speech.say(item.pending.refused ? "notSent" : "sending");
    const isRead = item.conversation !== talk.log.conversation || item.seq <= talk.readSeq;
    return speech.say(isRead ? "read" : "sent");
  }
}

function waiting(one: Pending): Item {
  const at = new Date(one.order).toISOString();
  return { id: one.id, dir: "in", body: one.body, at, who: "", files: one.files, conversation: "", seq: 0, pending: one };
}

function moment(item: Item): number {
  return item.at ? +new Date(item.at) || 0 : 0;
}

function fileKey(item: Item): string {
  return item.files.map((file) => file.url ?? file.id).join(" ");
}
