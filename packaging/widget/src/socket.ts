/**
 * The built-in transport: WebSocket and HTTP to the desk itself. `base` is where the script came from, so that it also works
 * below a proxy's path.
 */

import type { Down, FileInfo } from "./protocol";
import type { OfflineForm, Outcome, Transport, Upload, Wire, WireEnd } from "./wire";

const RETRY_MS = 15_000;

export function socketTransport(base: string): Transport {
  return {
    keeps: false,
    dial: (end) => dial(base, end),
    upload: (token, file, progress) => upload(base, token, file, progress),
    offline: (token, form, page, lang) => offline(base, token, form, page, lang),
    fileUrl: (url) => new URL(url, base).href,
  };
}

function dial(base: string, end: WireEnd): Wire {
  const socket = new WebSocket(new URL("chat", base).href.replace(/^http/, "ws"));
  let isOver = false;
  const over = () => {
    if (isOver) return;
    isOver = true;
    end.down();
  };
  socket.onopen = () => end.up();
  socket.onclose = over;
  socket.onerror = over;
  socket.onmessage = (event) => {
    if (isOver || typeof event.data !== "string") return;
    let frame: Down;
    try {
      frame = JSON.parse(event.data) as Down;
    } catch {
      return;
    }
    end.frame(frame);
  };
  return {
    send: (frame) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(frame));
    },
    close: () => {
      isOver = true;
      socket.close();
    },
  };
}

/** XMLHttpRequest, because fetch tells nothing of how far an upload has come. */
function upload(base: string, token: string, file: File, progress: (part: number) => void): Upload {
  const request = new XMLHttpRequest();
  const result = new Promise<Outcome<FileInfo>>((done) => {
    request.open("POST", new URL("file", base).href);
    request.setRequestHeader("Authorization", "Bearer " + token);
    request.setRequestHeader("X-File-Name", encodeURIComponent(file.name));
    request.upload.onprogress = (event) => progress(event.total ? event.loaded / event.total : 0);
    request.onload = () => done(outcome(request.status, request.responseText));
    request.onerror = request.onabort = () => done({ retry_ms: RETRY_MS });
    request.send(file);
  });
  return { result, cancel: () => request.abort() };
}

async function offline(base: string, token: string, form: OfflineForm, page: string, lang: string): Promise<Outcome<true>> {
  try {
    const answer = await fetch(new URL("offline", base).href, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ token, page, lang, ...form }),
      credentials: "omit",
    });
    const came = outcome(answer.status, await answer.text());
    return "ok" in came ? { ok: true } : came;
  } catch {
    return { retry_ms: RETRY_MS };
  }
}

function outcome<T>(status: number, text: string): Outcome<T> {
  let said: { error?: string; retry_ms?: number } = {};
  try {
    said = JSON.parse(text) as typeof said;
  } catch {
    // a proxy's own page: the status says enough
  }
  if (status >= 200 && status < 300) return { ok: said as T };
  if (status === 413) return { refused: "big" };
  if (status === 415) return { refused: "type" };
  if (status >= 400 && status < 500 && status !== 401 && status !== 408 && status !== 429) {
    return { refused: said.error ?? "form" };
  }
  return { retry_ms: said.retry_ms ?? RETRY_MS };
}
