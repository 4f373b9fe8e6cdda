/**
 * How fast messages may go out: the desk's own limit, seen from here. So many at once, then one after the other.
 *
 * The desk counts one visitor, whatever page or tab speaks; so what was sent is noted in storage, where a reload and other tabs
 * find it. It is kept a little below the desk's limit, because messages that left a second apart may arrive together.
 */

import { LIMITS } from "./protocol";
import type { Storage } from "./storage";

const SPARE = 4;

interface Kept {
  left: number;
  at: number;
}

export class Pace {
  limits = LIMITS;

  constructor(private readonly storage: Storage) {}

  /** 0 if a message may go out now, which is noted, else the milliseconds until one may. */
  take(): number {
    const now = Date.now();
    const most = Math.max(1, this.limits.burst - SPARE);
    const kept = this.storage.get<Kept>("pace");
    const gone = kept ? Math.max(0, now - kept.at) : 0;
    const left = kept ? Math.min(most, kept.left + gone / this.limits.rate_ms) : most;
    if (left < 1) return Math.max(5, (1 - left) * this.limits.rate_ms);
    this.storage.set("pace", { left: left - 1, at: now } satisfies Kept);
    return 0;
  }

  /** The desk says that it was too much: nothing is left. */
  empty(): void {
    this.storage.set("pace", { left: 0, at: Date.now() } satisfies Kept);
  }
}
