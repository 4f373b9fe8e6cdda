/**
 * Where the visitor writes: text that grows, files by button, paste or drop, and Send. Enter sends, Shift+Enter begins a new
 * line, and while an input method composes (Japanese) Enter belongs to it. What is typed survives a reload.
 *
 * A file goes up while the text is still written, so that a message that is sent never waits for one that may be lost.
 */

import type { FileInfo, Limits } from "../protocol";
import type { Outcome, Upload } from "../wire";
import type { Speech } from "../words";
import { h, icon, ICONS, setText } from "./dom";

export interface ComposerOwner {
  readonly limits: Limits;
  say(text: string, files: FileInfo[]): void;
  types(isTyping: boolean): void;
  /** Missing where files cannot be sent. */
  readonly upload: ((file: File, progress: (part: number) => void) => Upload | null) | undefined;
  keepDraft(text: string): void;
  /** Spoken to a screen reader and shown. */
  tell(text: string): void;
}

interface Going {
  file: File;
  chip: HTMLElement;
  bar: HTMLProgressElement;
  words: HTMLElement;
  upload: Upload | null;
  done: FileInfo | null;
  failed: boolean;
}

const MOST_FILES = 5;

export class Composer {
  readonly element: HTMLFormElement;
  readonly field: HTMLTextAreaElement;
  private readonly chips = h("div", { class: "chips" });
  private readonly count = h("span", { class: "count", role: "status" });
  private readonly picker: HTMLInputElement;
  private readonly button: HTMLButtonElement;
  private readonly local = new Map<string, string>();
  private going: Going[] = [];
  private wantsToGo = false;

  constructor(
    private readonly speech: Speech,
    private readonly owner: ComposerOwner,
    draft: string,
  ) {
    const write = speech.say("write");
    this.field = h("textarea", { rows: 1, dir: "auto", "aria-label": write, placeholder: write, enterkeyhint: "send" });
    this.field.value = draft;
    this.field.addEventListener("input", () => this.edited());
    this.field.addEventListener("keydown", (event) => this.key(event));
    this.field.addEventListener("paste", (event) => this.pasted(event));
    this.picker = h("input", { type: "file", multiple: true, hidden: true, tabindex: -1, accept: owner.limits.types.join() });
    this.picker.addEventListener("change", () => {
      this.take(this.picker.files);
      this.picker.value = "";
    });
    const attach = speech.say("attach");
    this.button = h("button", { class: "ib send", type: "submit", "aria-label": speech.say("send"), title: speech.say("send") }, icon(ICONS.send));
    this.element = h(
      "form",
      { class: "composer" },
      this.chips,
      h(
        "div",
        { class: "box" },
        this.field,
        owner.upload && h("button", { class: "ib", type: "button", "aria-label": attach, title: attach, onclick: () => this.picker.click() }, icon(ICONS.clip)),
        this.button,
        this.picker,
      ),
      this.count,
    );
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    this.edited(false);
  }

  get text(): string {
    return this.field.value;
  }

  put(text: string): void {
    this.field.value = this.field.value ? `${text}\n${this.field.value}` : text;
    this.edited();
    this.field.focus();
  }

  clear(): void {
    this.field.value = "";
    this.edited(false);
    this.owner.keepDraft("");
  }

  localUrl(id: string): string | undefined {
    return this.local.get(id);
  }

  /** Take files from wherever they come; what cannot be taken is told in words at once. */
  take(files: Iterable<File> | ArrayLike<File> | null): void {
    const { limits, upload } = this.owner;
    if (!upload) return;
    for (const file of Array.from(files ?? [])) {
      const name = file.name;
      if (this.going.length >= MOST_FILES) return;
      if (file.size === 0) this.owner.tell(this.speech.say("emptyFile", { name }));
      else if (file.size > limits.file) this.owner.tell(this.speech.say("tooBig", { name, size: this.speech.size(limits.file) }));
      else if (file.type && !limits.types.includes(file.type)) this.owner.tell(this.speech.say("badType", { name }));
      else this.begin(file);
    }
    this.field.focus();
  }

  private begin(file: File): void {
    const name = file.name;
    const words = h("span", { dir: "auto" }, name);
    const bar = h("progress", { max: 1, value: 0, "aria-label": this.speech.say("uploading", { name }) });
    const label = this.speech.say("remove", { name });
    const remove = h("button", { class: "ib small", type: "button", "aria-label": label, title: label }, icon(ICONS.close, 14));
    const chip = h("div", { class: "chip" }, icon(ICONS.file, 16), words, bar, remove);
    const going: Going = { file, chip, bar, words, upload: null, done: null, failed: false };
    remove.addEventListener("click", () => this.drop(going));
    this.going.push(going);
    this.chips.append(chip);
    this.upload(going);
  }

  private upload(going: Going): void {
    going.failed = false;
    going.bar.hidden = false;
    const upload = this.owner.upload?.(going.file, (part) => (going.bar.value = part));
    if (!upload) return;
    going.upload = upload;
    void upload.result.then((came) => going.upload === upload && this.uploaded(going, came));
  }

  private uploaded(going: Going, came: Outcome<FileInfo>): void {
    const name = going.file.name;
    going.bar.hidden = true;
    if ("ok" in came) {
      going.done = came.ok;
      this.local.set(came.ok.id, URL.createObjectURL(going.file));
      setText(going.words, `${name} · ${this.speech.size(going.file.size)}`);
      if (this.wantsToGo) this.send();
      return;
    }
    this.wantsToGo = false;
    if ("refused" in came) {
      this.drop(going);
      const key = came.refused === "big" ? "tooBig" : came.refused === "type" ? "badType" : "notUploaded";
      this.owner.tell(this.speech.say(key, { name, size: this.speech.size(this.owner.limits.file) }));
      return;
    }
    going.failed = true;
    this.owner.tell(this.speech.say("notUploaded", { name }));
    const again = h("button", { class: "link", type: "button" }, this.speech.say("tryAgain"));
    again.addEventListener("click", () => {
      again.remove();
      this.upload(going);
    });
    going.words.after(again);
  }

  private drop(going: Going): void {
    const { upload } = going;
    going.upload = null;
    upload?.cancel();
    this.going = this.going.filter((one) => one !== going);
    going.chip.remove();
    this.field.focus();
    if (this.wantsToGo) this.send();
  }

  private send(): void {
    const text = this.field.value.trim();
    const left = this.owner.limits.chars - Array.from(text).length;
    if (left < 0) return this.owner.tell(this.speech.say("left", { n: left }));
    if (this.going.some((one) => one.failed)) return;
    this.wantsToGo = this.going.some((one) => !one.done);
    const waits = this.going.find((one) => !one.done);
    if (waits) return this.owner.tell(this.speech.say("uploading", { name: waits.file.name }));
    const files = this.going.map((one) => one.done).filter((one): one is FileInfo => one !== null);
    if (!text && !files.length) return;
    this.going = [];
    this.chips.replaceChildren();
    this.clear();
    this.owner.say(text, files);
    this.field.focus();
  }

  private edited(isTyped = true): void {
    const { field } = this;
    field.style.height = "auto";
    field.style.height = Math.min(field.scrollHeight || 36, 132) + "px";
    const left = this.owner.limits.chars - Array.from(field.value).length;
    setText(this.count, left < 200 ? this.speech.say("left", { n: left }) : "");
    this.count.classList.toggle("bad", left < 0);
    if (!isTyped) return;
    this.owner.keepDraft(field.value);
    this.owner.types(field.value !== "");
  }

  private key(event: KeyboardEvent): void {
    if (event.key !== "Enter" || event.shiftKey || event.altKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    this.send();
  }

  private pasted(event: ClipboardEvent): void {
    const files = event.clipboardData?.files;
    if (!files?.length) return;
    event.preventDefault();
    this.take(files);
  }
}
