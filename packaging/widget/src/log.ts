/**
 * What was said, as far as the desk has confirmed it: lines by conversation and `seq`, and the cache of them in the browser.
 *
 * The cache is only for showing at once after a reload; the desk has all of it. So only the newest lines are kept, and what
 * is missing is asked for by `after`, which is the end of the unbroken row of numbers that we have.
 */

import type { FileInfo, Spoken } from "./protocol";
import type { Storage } from "./storage";

const KEPT_LINES = 200;

export interface Line {
  id: string;
  conversation: string;
  seq: number;
  dir: "in" | "out";
  body: string;
  at: string;
  who: string;
  files: FileInfo[];
}

interface Kept {
  conversation: string;
  lines: Line[];
}

export class Log {
  conversation = "";
  private lines: Line[] = [];
  private ids = new Map<string, Line>();

  constructor(private readonly storage: Storage) {
    const kept = storage.get<Kept>("log");
    if (!kept || !Array.isArray(kept.lines)) return;
    this.conversation = kept.conversation;
    for (const line of kept.lines) this.put(line);
  }

  get all(): readonly Line[] {
    return this.lines;
  }

  has(id: string): boolean {
    return this.ids.has(id);
  }

  /** From where on the desk has to tell: what is missing, and files of ours whose address we were never told. */
  get after(): number {
    const bare = this.current().find((line) => line.files.some((file) => !file.url));
    return bare ? Math.min(bare.seq - 1, this.unbroken) : this.unbroken;
  }

  /** The last `seq` of the current conversation up to which nothing is missing. */
  private get unbroken(): number {
    const seqs = this.current().map((line) => line.seq);
    let top = seqs[0] ?? 0;
    if (top > 1 && this.lines.length < KEPT_LINES) return 0; // its beginning never came
    for (const seq of seqs) if (seq === top + 1) top = seq;
    return top;
  }

  /** Is there a hole in the row of numbers? Then the desk has to be asked again. */
  get isTorn(): boolean {
    const last = this.current().at(-1);
    return last !== undefined && last.seq > this.unbroken;
  }

  /** The last of the desk's words in the current conversation. */
  get lastOut(): number {
    return this.current().reduce((last, line) => (line.dir === "out" && line.seq > last ? line.seq : last), 0);
  }

  /** Who of the desk spoke last in the current conversation. */
  get lastWho(): string {
    return this.current().filter((line) => line.dir === "out").at(-1)?.who ?? "";
  }

  /** Take in a line; false if it was there. It is stored when this returns, so it may be acknowledged. */
  add(line: Line): boolean {
    if (!this.put(line)) return false;
    this.save();
    return true;
  }

  take(said: Spoken): boolean {
    const { id, conversation, seq, dir, body, at, who, files } = said;
    const known = this.ids.get(id);
    if (known?.files.some((file) => !file.url)) {
      known.files = files;
      this.save();
    }
    return this.add({ id, conversation, seq, dir, body, at, who, files: files ?? [] });
  }

  /** From now on this is the conversation; what was said in others stays above. */
  turnTo(conversation: string): void {
    if (conversation === this.conversation) return;
    this.conversation = conversation;
    this.save();
  }

  /** Take over what another tab has stored. */
  reload(): void {
    const kept = this.storage.get<Kept>("log");
    for (const line of kept?.lines ?? []) this.put(line);
  }

  private current(): Line[] {
    return this.lines.filter((line) => line.conversation === this.conversation);
  }

  private put(line: Line): boolean {
    if (this.ids.has(line.id)) return false;
    this.ids.set(line.id, line);
    // Mostly it belongs at the end; conversations stay in the order in which they were met.
    let at = this.lines.length;
    const isOf = (i: number) => this.lines[i]?.conversation === line.conversation;
    if (this.lines.some((other) => other.conversation === line.conversation)) {
      while (at > 0 && !isOf(at - 1)) at--;
      while (at > 0 && isOf(at - 1) && (this.lines[at - 1] as Line).seq > line.seq) at--;
    }
    this.lines.splice(at, 0, line);
    return true;
  }

  private save(): void {
    this.storage.set("log", { conversation: this.conversation, lines: this.lines.slice(-KEPT_LINES) } satisfies Kept);
  }
}
