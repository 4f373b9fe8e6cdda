/**
 * What the visitor wrote and has no place in the log yet. A message is stored before it is sent for the first time, keeps
 * its id for ever, and goes out again on every new line and by a timer until its ack comes. The desk drops duplicates, so
 * sending twice is harmless and never sending is impossible. After the ack the desk has it, and tells its place a moment later;
 * until then it stays here, so that at no moment it is nowhere.
 *
 * The pace is the desk's: so many at once, then one a second, and only some under way at a time. Whoever was cut off for an hour and wrote fifty messages must
 * not look like a flood.
 */

import { Pace } from "./pace";
import type { FileInfo, Limits, Up } from "./protocol";
import type { Storage } from "./storage";

const AGAIN_MS = 10_000;

export interface Pending {
  id: string;
  /** Milliseconds since 1970, and never twice the same in one tab: the order in which things were written. */
  order: number;
  body: string;
  files: FileInfo[];
  name?: string;
  email?: string;
  /** Why the desk will never take it. */
  refused?: string;
}

export class Outbox {
  private readonly sentAt = new Map<string, number>();
  /** What the desk has acknowledged, and since when its place is awaited. */
  private readonly kept = new Map<string, number>();
  private items: Pending[] = [];
  private timer = 0;
  private quietUntil = 0;
  private isUp = false;
  private readonly pace: Pace;
  /** So long the ack of a message may take. A server that keeps words for a desk that is off gives it all the time. */
  patience = AGAIN_MS;
  /** So many are under way at a time: a long backlog sent in one go would be late as a whole, and be sent again as a whole. */
  window = 16;

  constructor(
    private readonly storage: Storage,
    private readonly send: (frame: Up) => void,
    private readonly unheard: () => void,
    private readonly unplaced: () => void,
  ) {
    this.pace = new Pace(storage);
    this.reload();
  }

  set limits(limits: Limits) {
    this.pace.limits = limits;
  }

  get all(): readonly Pending[] {
    return this.items;
  }

  has(id: string): boolean {
    return this.items.some((item) => item.id === id);
  }

  /** Keep a message and send it as soon as may be. */
  put(item: Pending): void {
    this.storage.set("out:" + item.id, item);
    this.items.push(item);
    this.pump();
  }

  /** Acknowledged: it is the desk's now. */
  keep(id: string): void {
    if (!this.items.some((one) => one.id === id)) return;
    this.kept.set(id, performance.now());
    this.sentAt.delete(id);
    this.pump();
  }

  /** It has its place. */
  done(id: string): void {
    this.items = this.items.filter((one) => one.id !== id);
    this.storage.remove("out:" + id);
    this.kept.delete(id);
    if (this.sentAt.delete(id)) this.pump();
  }

  /** The desk will not have it: it stays in sight, with the reason, until the visitor takes it away. */
  refuse(id: string, reason: string): void {
    const item = this.items.find((one) => one.id === id);
    if (!item) return;
    item.refused = reason;
    this.kept.delete(id);
    this.sentAt.delete(id);
    this.storage.set("out:" + id, item);
    this.pump();
  }

  /** Too fast: nothing goes out for a while, and then what was named goes again. */
  slow(retryMs: number, id?: string): void {
    this.quietUntil = performance.now() + retryMs;
    this.pace.empty();
    if (id) this.sentAt.delete(id);
    this.pump();
  }

  /** A new line: whatever has no place goes out again, in the order in which it was written. */
  up(): void {
    this.isUp = true;
    this.sentAt.clear();
    this.kept.clear();
    this.pump();
  }

  down(): void {
    this.isUp = false;
    clearTimeout(this.timer);
    this.timer = 0;
  }

  /** Take over what other tabs wrote or got confirmed. */
  reload(): void {
    const kept = this.storage.all<Pending>("out:").filter((item) => item.id && typeof item.body === "string");
    // The tab that wrote it sends it; this one only sees to it that it does not stay behind.
    if (this.isUp) for (const item of kept) if (!this.has(item.id)) this.sentAt.set(item.id, performance.now());
    this.items = kept.sort((a, b) => a.order - b.order);
    this.pump();
  }

  private pump(): void {
    clearTimeout(this.timer);
    this.timer = 0;
    if (!this.isUp) return;
    const now = performance.now();
    let wake = Infinity;
    for (const item of this.items) {
      if (item.refused) continue;
      const kept = this.kept.get(item.id);
      if (kept !== undefined) {
        if (now - kept >= AGAIN_MS) {
          this.kept.set(item.id, now);
          this.unplaced();
        }
        wake = Math.min(wake, AGAIN_MS);
        continue;
      }
      const sent = this.sentAt.get(item.id);
      if (sent !== undefined && now - sent < this.patience) {
        wake = Math.min(wake, sent + this.patience - now);
        continue;
      }
      if (sent !== undefined) return this.unheard(); // it was heard by nobody: that is the line
      if (this.sentAt.size >= this.window) break;
      const wait = now < this.quietUntil ? this.quietUntil - now : this.pace.take();
      if (wait > 0) {
        wake = Math.min(wake, wait);
        break;
      }
      this.sentAt.set(item.id, now);
      wake = Math.min(wake, this.patience);
      this.send({ t: "msg", id: item.id, body: item.body, ...rest(item) });
    }
    if (wake < Infinity) this.timer = window.setTimeout(() => this.pump(), wake);
  }
}

function rest(item: Pending): { files?: string[]; name?: string; email?: string } {
  const more: { files?: string[]; name?: string; email?: string } = {};
  if (item.files.length) more.files = item.files.map((file) => file.id);
  if (item.name) more.name = item.name;
  if (item.email) more.email = item.email;
  return more;
}
