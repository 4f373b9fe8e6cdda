/**
 * A question left while nobody is there. It is kept in the browser and handed in until the desk has taken it, over reloads
 * and over hours; its id is made once, so handing it in twice makes one ticket.
 */

import { newId } from "./protocol";
import type { Storage } from "./storage";
import type { OfflineForm, Transport } from "./wire";

/** The desk takes nothing that was typed faster: nobody types a message in less. */
const LEAST_TYPING_MS = 2000;

export interface Question {
  name: string;
  email: string;
  text: string;
  website: string;
  typedMs: number;
}

export interface LeavingOwner {
  /** Who asks, from where, in which language. */
  visitor(): { token: string; page: string; lang: string };
  /** Taken; or, with a reason, refused for good. */
  answered(form: OfflineForm, refused: string): void;
}

export class Leaving {
  /** What was left and is not yet with the desk. */
  form: OfflineForm | null;
  private isHanding = false;
  /** Is it still within the time that typing takes at least? */
  private isBegun = false;
  private timer = 0;

  constructor(
    private readonly storage: Storage,
    private readonly transport: Transport,
    private readonly owner: LeavingOwner,
  ) {
    this.form = storage.get<OfflineForm>("form");
    if (this.form) this.soon(0);
  }

  leave(said: Question): void {
    const { name, email, text, website, typedMs } = said;
    // Whoever pastes and sends at once is a person too: they wait here instead of being refused.
    this.form = { id: newId(), name, email, text, website, typed_ms: Math.max(typedMs, LEAST_TYPING_MS) };
    this.storage.set("form", this.form);
    this.isBegun = typedMs < LEAST_TYPING_MS;
    this.soon(Math.max(0, LEAST_TYPING_MS - typedMs));
  }

  /** The desk is there again: do not wait out the pause. */
  retry(): void {
    if (this.form && !this.isBegun) this.soon(0);
  }

  private soon(wait: number): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.handIn(), wait);
  }

  private async handIn(): Promise<void> {
    const { form } = this;
    this.isBegun = false;
    if (!form || this.isHanding) return;
    if (!this.transport.offline) return;
    this.isHanding = true;
    const { token, page, lang } = this.owner.visitor();
    const came = await this.transport.offline(token, form, page, lang);
    this.isHanding = false;
    if ("retry_ms" in came) return this.soon(came.retry_ms * (0.7 + Math.random() * 0.6));
    this.form = null;
    this.storage.remove("form");
    this.owner.answered(form, "ok" in came ? "" : came.refused);
  }
}
