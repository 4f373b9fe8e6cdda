/**
 * The window of the chat: head, messages, and below them the one thing that can be done now. It shows what it is told and
 * decides nothing.
 *
 * On a wide page it is a dialog beside the page, which stays usable; only where it covers the whole screen does it keep the
 * keyboard within itself.
 */

import type { Photo } from "../protocol";
import type { Speech } from "../words";
import { h, icon, ICONS, paintFace, setText } from "./dom";
import { Menu, type Choice } from "./menu";

const SMALL = "(max-width: 479px)";

export interface Head {
  title: string;
  isPerson: boolean;
  photo: Photo | undefined;
  line: string;
  isHere: boolean;
  /** What stands over the composer: the queue, a lost line. */
  state: string;
  footer: string;
}

export class Panel {
  readonly element: HTMLElement;
  private readonly face = h("span", { class: "face big", "aria-hidden": true });
  private readonly title = h("h2");
  private readonly line = h("p");
  private readonly state = h("div", { class: "state", role: "status" });
  private readonly note = h("div", { class: "note", role: "status", hidden: true });
  private readonly slot = h("div", { class: "slot" });
  private readonly extra = h("div", { class: "extra" });
  private readonly footer: HTMLButtonElement;
  private readonly closer: HTMLButtonElement;
  private readonly menu: Menu;
  private noteGone = 0;

  constructor(
    speech: Speech,
    log: HTMLElement,
    choices: () => Choice[],
    mailIt: () => void,
    private readonly closed: () => void,
  ) {
    const close = speech.say("close");
    this.closer = h("button", { class: "ib", type: "button", "aria-label": close, title: close, onclick: closed }, icon(ICONS.close));
    this.menu = new Menu(speech.say("more"), choices);
    this.footer = h("button", { class: "link foot", type: "button", hidden: true, onclick: mailIt });
    const head = h("header", {}, this.face, h("div", { class: "who" }, this.title, this.line), this.menu.button, this.closer, this.menu.list);
    this.element = h(
      "section",
      { class: "panel", role: "dialog", hidden: true },
      head, log, this.note, this.extra, this.state, this.slot, this.footer,
    );
    this.element.addEventListener("keydown", (event) => this.key(event));
    matchMedia(SMALL).addEventListener("change", () => this.fit());
    this.fit();
  }

  get isOpen(): boolean {
    return !this.element.hidden;
  }

  open(isOpen: boolean): void {
    this.element.hidden = !isOpen;
    if (!isOpen) this.menu.close(false);
  }

  show(head: Head): void {
    setText(this.title, head.title);
    setText(this.line, head.line);
    paintFace(this.face, head.title, head.isPerson, head.photo);
    this.face.classList.toggle("here", head.isHere);
    setText(this.state, head.state);
    setText(this.footer, head.footer);
    this.footer.hidden = !head.footer;
  }

  /** What can be done now; the same element again changes nothing. Says whether it changed. */
  place(content: HTMLElement | null): boolean {
    return swap(this.slot, content);
  }

  /** Something beside it, above: a rating, a small form. */
  placeExtra(content: HTMLElement | null): boolean {
    return swap(this.extra, content);
  }

  /** Words that concern what was just done; they leave by themselves. */
  tell(text: string): void {
    clearTimeout(this.noteGone);
    this.note.hidden = !text;
    setText(this.note, text);
    if (text) this.noteGone = window.setTimeout(() => this.tell(""), 8000);
  }

  private fit(): void {
    if (matchMedia(SMALL).matches) this.element.setAttribute("aria-modal", "true");
    else this.element.removeAttribute("aria-modal");
  }

  private key(event: KeyboardEvent): void {
    if (event.key === "Escape" && !event.isComposing) {
      event.preventDefault();
      event.stopPropagation();
      this.closed();
    }
    if (event.key === "Tab" && this.element.hasAttribute("aria-modal")) this.keepWithin(event);
  }

  private keepWithin(event: KeyboardEvent): void {
    const all = this.element.querySelectorAll<HTMLElement>("a[href], button, input, textarea, [tabindex='0']");
    const reachable = [...all].filter((one) => one.tabIndex >= 0 && one.offsetParent !== null);
    const edge = event.shiftKey ? reachable[0] : reachable.at(-1);
    if ((this.element.getRootNode() as ShadowRoot).activeElement !== edge) return;
    event.preventDefault();
    (event.shiftKey ? reachable.at(-1) : reachable[0])?.focus();
  }
}

function swap(place: HTMLElement, content: HTMLElement | null): boolean {
  if (place.firstElementChild === content) return false;
  place.replaceChildren(...(content ? [content] : []));
  return true;
}
