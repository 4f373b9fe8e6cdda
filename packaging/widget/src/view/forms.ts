/**
 * The forms: who are you (before a chat), leave a question (nobody is there), and the small ones of one field.
 *
 * Errors stand beside the field they are about, are tied to it for screen readers, and the first such field gets the keyboard.
 */

import type { Speech } from "../words";
import type { Words } from "../words/en";
import { h, setText } from "./dom";

export interface Answers {
  name: string;
  email: string;
  text: string;
  website: string;
  typedMs: number;
}

type Kind = "name" | "email" | "text";
const LABELS: Record<Kind, keyof Words> = { name: "name", email: "email", text: "message" };
const NEEDS: Record<Kind, keyof Words> = { name: "needName", email: "needEmail", text: "needText" };
let count = 0;

export class AskingForm {
  readonly element: HTMLFormElement;
  private readonly fields = {} as Record<Kind, HTMLInputElement | HTMLTextAreaElement>;
  private readonly errors = {} as Record<Kind, HTMLElement>;
  private readonly trap: HTMLInputElement;
  private readonly intro: HTMLElement;
  private began = 0;

  constructor(
    private readonly speech: Speech,
    kinds: readonly Kind[],
    intro: string,
    submit: string,
    done: (answers: Answers) => void,
  ) {
    this.intro = h("p", {}, intro);
    // People do not see it and do not reach it; programs that fill in everything give themselves away.
    this.trap = h("input", { name: "website", tabindex: -1, autocomplete: "off" });
    const trap = h("label", { class: "trap", "aria-hidden": true }, "Website", this.trap);
    this.element = h("form", { class: "ask", novalidate: true }, this.intro, ...kinds.map((kind) => this.field(kind)), trap);
    this.element.append(h("button", { class: "primary", type: "submit" }, submit));
    this.element.addEventListener("input", () => (this.began ||= performance.now()));
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.check(kinds)) done(this.answers());
    });
  }

  fill(values: Partial<Record<Kind, string>>): void {
    for (const [kind, value] of Object.entries(values) as [Kind, string][]) {
      const field = this.fields[kind];
      if (field && value && !field.value) field.value = value;
    }
  }

  clear(kind: Kind): void {
    this.fields[kind].value = "";
  }

  setIntro(text: string): void {
    setText(this.intro, text);
  }

  /** Show what is wrong with a field, and go there. */
  complain(kind: Kind, words?: string): void {
    const field = this.fields[kind];
    setText(this.errors[kind], words ?? this.speech.say(NEEDS[kind]));
    field.setAttribute("aria-invalid", "true");
    field.focus();
  }

  focus(): void {
    (Object.values(this.fields).find((field) => !field.value) ?? this.fields.text)?.focus();
  }

  private field(kind: Kind): HTMLElement {
    const id = `db-${kind}-${++count}`;
    const common = { id, dir: "auto", required: true, "aria-describedby": id + "-e" };
    const field =
      kind === "text"
        ? h("textarea", { ...common, rows: 4 })
        : h("input", { ...common, type: kind === "email" ? "email" : "text", autocomplete: kind, maxlength: 200 });
    this.fields[kind] = field;
    this.errors[kind] = h("span", { class: "error", id: id + "-e", role: "alert" });
    field.addEventListener("input", () => {
      field.removeAttribute("aria-invalid");
      setText(this.errors[kind], "");
    });
    return h("div", { class: "field" }, h("label", { for: id }, this.speech.say(LABELS[kind])), field, this.errors[kind]);
  }

  private check(kinds: readonly Kind[]): boolean {
    const wrong = kinds.filter((kind) => {
      const value = this.fields[kind].value.trim();
      return !value || (kind === "email" && !/^[^\s@]+@[^\s@]+\.[^\s@.]+$/.test(value));
    });
    for (const kind of [...wrong].reverse()) this.complain(kind);
    return !wrong.length;
  }

  private answers(): Answers {
    const said = (kind: Kind) => this.fields[kind]?.value.trim() ?? "";
    const typedMs = this.began ? Math.round(performance.now() - this.began) : 0;
    return { name: said("name"), email: said("email"), text: said("text"), website: this.trap.value, typedMs };
  }
}

/** Do it, or leave it: together on a line of their own where there is no room beside what they are about. */
export function actions(primary: HTMLButtonElement, words: string, leave: () => void): HTMLElement {
  return h("div", { class: "acts" }, primary, h("button", { class: "link", type: "button", onclick: leave }, words));
}

/** One question with one field, above the composer: an address, a code. Esc and Cancel leave it. */
export function smallForm(
  speech: Speech,
  kind: "email" | "code",
  submit: string,
  value: string,
  done: (text: string) => void,
  leave: () => void,
): HTMLFormElement {
  const isCode = kind === "code";
  const label = speech.say(isCode ? "code" : "email");
  const field = h("input", {
    type: isCode ? "text" : "email", value, "aria-label": label, placeholder: label, dir: "auto", required: true,
    inputmode: isCode ? "numeric" : "email", maxlength: isCode ? 6 : 200, pattern: isCode ? "[0-9]{6}" : null,
    autocomplete: isCode ? "one-time-code" : "email",
  });
  const form = h(
    "form",
    { class: "small-form" },
    field,
    actions(h("button", { class: "primary", type: "submit" }, submit), speech.say("cancel"), leave),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    done(field.value.trim());
  });
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    leave();
  });
  return form;
}
