/**
 * Keeps a line to the desk standing: dials, notices when it is dead, and comes again.
 *
 * A line that says nothing may be dead for hours (a laptop that slept, a phone that changed networks), so a ping goes out
 * every 25 s and at once when the page wakes; without an answer the line is dropped. Dialling again waits ever longer, with
 * jitter, so that a desk that comes back is not met by all its visitors in one instant.
 */

import { FINAL, type Down, type Up } from "./protocol";
import type { Wire, WireEnd } from "./wire";

const PING_MS = 25_000;
const PATIENCE_MS = 10_000;
const FIRST_MS = 400;
const LONGEST_MS = 30_000;

export type Standing = "idle" | "dialling" | "up" | "down" | "stopped";

export interface LineOwner {
  up(): void;
  frame(frame: Down): void;
  standing(now: Standing, reason: string): void;
}

export class Line {
  private wire: Wire | null = null;
  private standing: Standing = "idle";
  private failures = 0;
  private redial = 0;
  private pinging = 0;
  private dropping = 0;
  private greeting = 0;

  constructor(
    private readonly dial: (end: WireEnd) => Wire,
    private readonly owner: LineOwner,
    /** Does the line stand without the desk, because a server between the two holds it? */
    private readonly outlivesDesk: boolean,
  ) {
    const woken = () => document.visibilityState === "visible" && this.probe();
    addEventListener("online", woken);
    addEventListener("pageshow", woken);
    document.addEventListener("visibilitychange", woken);
  }

  open(): void {
    if (this.standing === "idle") this.connect();
  }

  close(): void {
    this.drop();
    clearTimeout(this.redial);
    this.become("idle");
  }

  send(frame: Up): void {
    if (this.standing === "up") this.wire?.send(frame);
  }

  /** Hang up and come again soon: the line does not do what a line does. */
  restart(): void {
    if (this.standing === "up") this.lost();
  }

  private connect(): void {
    this.drop();
    this.become("dialling");
    const end: WireEnd = {
      up: () => {
        if (this.wire !== wire) return;
        clearTimeout(this.dropping);
        this.become("up");
        this.pinging = window.setInterval(() => this.probe(), PING_MS);
        this.owner.up();
      },
      frame: (frame) => this.wire === wire && this.heard(frame),
      down: () => this.wire === wire && this.lost(),
    };
    // A wire may not call its end before it was returned: all of them tell of themselves later.
    const wire = this.dial(end);
    this.wire = wire;
    this.dropping = window.setTimeout(() => this.lost(), PATIENCE_MS);
  }

  private heard(frame: Down): void {
    clearTimeout(this.dropping);
    this.dropping = 0;
    if (frame.t === "welcome") this.failures = 0;
    if (frame.t === "bye" && FINAL.has(frame.reason)) {
      this.drop();
      this.become("stopped", frame.reason);
      return;
    }
    if (frame.t === "bye" && this.outlivesDesk) this.farewell(frame.reason);
    else if (frame.t !== "pong") this.owner.frame(frame);
  }

  /** Nobody hangs up here. A desk that goes, or is back and does not know us, wants a hello; anything else a pause. */
  private farewell(reason: string): void {
    if (reason !== "stopping") return this.lost();
    clearTimeout(this.greeting);
    this.greeting = window.setTimeout(() => this.standing === "up" && this.owner.up(), Math.random() * FIRST_MS);
  }

  /** Somebody else has found the desk: dial now. */
  wake(): void {
    if (this.standing === "down") this.connect();
  }

  /** Is anybody there? Asked now and then, and whenever the page wakes. */
  private probe(): void {
    if (this.standing === "down") this.connect();
    else if (this.standing === "up" && !this.dropping) {
      this.wire?.send({ t: "ping" });
      this.dropping = window.setTimeout(() => this.lost(), PATIENCE_MS);
    }
  }

  private lost(): void {
    this.drop();
    this.become("down");
    const wait = Math.min(LONGEST_MS, FIRST_MS * 2 ** this.failures++) * (0.5 + Math.random());
    clearTimeout(this.redial);
    this.redial = window.setTimeout(() => this.standing === "down" && this.connect(), wait);
  }

  private drop(): void {
    clearTimeout(this.dropping);
    clearInterval(this.pinging);
    this.dropping = 0;
    const wire = this.wire;
    this.wire = null;
    wire?.close();
  }

  private become(now: Standing, reason = ""): void {
    this.standing = now;
    this.owner.standing(now, reason);
  }
}
