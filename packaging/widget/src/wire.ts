/**
 * What carries frames, whatever it is made of: a WebSocket to the desk, XMPP, or another tab that has the line.
 */

import type { Down, FileInfo, Up } from "./protocol";

export interface Wire {
  send(frame: Up): void;
  close(): void;
}

export interface WireEnd {
  /** The line stands; the first thing to say is hello. */
  up(): void;
  frame(frame: Down): void;
  /** It is gone, for whatever reason; said once. */
  down(): void;
}

export interface OfflineForm {
  id: string;
  name: string;
  email: string;
  text: string;
  typed_ms: number;
  website: string;
}

/** What came of handing in something by HTTP: done, refused for good with a reason, or worth another try. */
export type Outcome<T> = { ok: T } | { refused: string } | { retry_ms: number };

export interface Upload {
  result: Promise<Outcome<FileInfo>>;
  cancel(): void;
}

/** One way to the desk. */
export interface Transport {
  dial(end: WireEnd): Wire;
  /** Does something between here and the desk keep what is said while the desk is off? */
  keeps: boolean;
  /** Missing where files cannot be sent. */
  upload?(token: string, file: File, progress: (part: number) => void): Upload;
  /** Hand in the form of hours when nobody is there. Missing where that is a message like any other. */
  offline?(token: string, form: OfflineForm, page: string, lang: string): Promise<Outcome<true>>;
  /** The address of a file as the desk named it. */
  fileUrl(url: string): string;
}
