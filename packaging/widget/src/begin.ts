/** Puts the chat on a page, once, as soon as there is a body; `window.DeskbellChat` is what the page may call. */

import { Chat } from "./chat";
import type { Options } from "./options";
import type { Storage } from "./storage";
import type { Transport } from "./wire";

interface Api {
  open(): void;
  close(): void;
  identify(said: unknown): void;
}

declare global {
  interface Window {
    DeskbellChat?: Api;
  }
}

export function begin(options: Options, transport: (storage: Storage) => Transport): void {
  if (window.DeskbellChat) return; // the snippet stands twice on the page
  let chat: Chat | null = null;
  const later: ((chat: Chat) => void)[] = [];
  const when = (act: (chat: Chat) => void) => (chat ? act(chat) : void later.push(act));
  window.DeskbellChat = {
    open: () => when((one) => one.open()),
    close: () => when((one) => one.close()),
    identify: (said) => when((one) => one.identify(said)),
  };
  const start = () => {
    chat = new Chat(options, transport);
    for (const act of later) act(chat);
  };
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", start, { once: true });
  else start();
}
