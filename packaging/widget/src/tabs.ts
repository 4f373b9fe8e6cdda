/**
 * Ten tabs of one shop are one visitor and need one line. The tab that holds a lock has it; the others speak through that
 * tab. A tab is only a wire here: every tab keeps its own books and sends again what was not confirmed, so a leader that goes
 * in the middle of a word loses nothing.
 *
 * Without locks (a page without TLS) every tab dials for itself, which costs lines and is safe: the desk drops duplicates.
 */

import type { Down, Up } from "./protocol";
import type { Wire, WireEnd } from "./wire";

type Note = { ask: true } | { up: boolean } | { say: Up } | { heard: Down };
type Dial = (end: WireEnd) => Wire;

export class Tabs {
  private readonly channel: BroadcastChannel | null = null;
  private end: WireEnd | null = null;
  private line: Wire | null = null;
  private isUp = false;
  private isJoined = false;
  private isLeader = false;
  private isAsking = false;
  private deaf = 0;

  constructor(
    private readonly real: Dial,
    private readonly name: string,
    private readonly nudge: () => void,
  ) {
    if (typeof BroadcastChannel === "undefined" || !navigator.locks) return;
    this.channel = new BroadcastChannel(name);
    this.channel.onmessage = (event) => this.note(event.data as Note);
  }

  readonly dial = (end: WireEnd): Wire => {
    if (!this.channel) return this.real(end);
    this.end = end;
    if (this.isLeader) return this.lead(end);
    this.seek(this.deaf > 1 && document.visibilityState === "visible");
    this.isJoined = false;
    this.deaf++;
    this.post({ ask: true });
    return {
      send: (frame) => {
        if (frame.t === "ping") this.post({ ask: true });
        else if (frame.t !== "ack") this.post({ say: frame }); // what was stored is confirmed by the tab that has the line
      },
      close: () => this.left(end),
    };
  };

  /** Ask for the lock, once; taken by force from a tab that does not answer, as a phone's sleeping tabs do. */
  private seek(steal: boolean): void {
    if (this.isAsking && !steal) return;
    this.isAsking = true;
    const held = () =>
      new Promise<void>(() => {
        this.isLeader = true;
        this.deaf = 0;
        this.end?.down(); // dialled again, now for real
      });
    navigator.locks.request(this.name, steal ? { steal } : {}, held).catch(() => this.robbed());
  }

  private robbed(): void {
    if (!this.isLeader) return;
    this.isLeader = this.isAsking = this.isUp = false;
    const end = this.end;
    this.line?.close();
    end?.down();
  }

  private lead(end: WireEnd): Wire {
    const tell = (up: boolean) => {
      this.isUp = up;
      this.post({ up });
    };
    const line = this.real({
      up: () => {
        tell(true);
        end.up();
      },
      frame: (frame) => {
        if (frame.t !== "pong") this.post({ heard: frame });
        end.frame(frame);
      },
      down: () => {
        tell(false);
        end.down();
      },
    });
    this.line = line;
    return {
      send: (frame) => line.send(frame),
      close: () => {
        if (this.isUp) tell(false);
        line.close();
        this.left(end);
      },
    };
  }

  private note(note: Note): void {
    if (this.isLeader) {
      if ("ask" in note) this.post({ up: this.isUp });
      else if ("say" in note && this.isUp) this.line?.send(note.say);
      return;
    }
    if ("heard" in note) {
      if (this.isJoined) this.end?.frame(note.heard);
    } else if ("up" in note) this.leaderIs(note.up);
  }

  private leaderIs(up: boolean): void {
    this.deaf = 0;
    if (!up) {
      if (this.isJoined) this.end?.down();
    } else if (!this.end) this.nudge();
    else if (this.isJoined) this.end.frame({ t: "pong" });
    else {
      this.isJoined = true;
      this.end.up();
    }
  }

  private left(end: WireEnd): void {
    if (this.end !== end) return;
    this.end = null;
    this.isJoined = false;
  }

  private post(note: Note): void {
    this.channel?.postMessage(note);
  }
}
