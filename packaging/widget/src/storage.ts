/**
 * What the browser keeps for this website's chat. One key a thing, because several tabs write at once: a message that waits
 * to be sent has a key of its own, so no tab can overwrite another's.
 *
 * Where the browser refuses (private mode, storage full, cookies blocked) everything lies in memory instead, and `isKept`
 * says so: the visitor is told to leave the page open.
 */

export class Storage {
  private readonly memory = new Map<string, string>();
  private readonly disk: globalThis.Storage | null;
  isKept: boolean;

  constructor(private readonly prefix: string) {
    this.disk = usable();
    this.isKept = this.disk !== null;
  }

  get<T>(key: string): T | null {
    const said = this.read(this.prefix + key);
    if (said === null) return null;
    try {
      return JSON.parse(said) as T;
    } catch {
      return null; // half-written or somebody else's: as if it were not there
    }
  }

  /** Keep a value; returns whether it will be there after a reload. */
  set(key: string, value: unknown): boolean {
    const name = this.prefix + key;
    const text = JSON.stringify(value);
    try {
      this.disk?.setItem(name, text);
      this.memory.delete(name);
      if (this.disk) return true;
    } catch {
      this.isKept = false;
    }
    this.memory.set(name, text);
    return false;
  }

  remove(key: string): void {
    this.memory.delete(this.prefix + key);
    try {
      this.disk?.removeItem(this.prefix + key);
    } catch {
      // gone in memory; what the browser does not let us remove is sent again and dropped as a duplicate
    }
  }

  /** All values whose key begins so. */
  all<T>(start: string): T[] {
    const names = new Set(this.memory.keys());
    try {
      for (let i = 0; i < (this.disk?.length ?? 0); i++) names.add(this.disk?.key(i) ?? "");
    } catch {
      this.isKept = false;
    }
    return [...names]
      .filter((name) => name.startsWith(this.prefix + start))
      .map((name) => this.get<T>(name.slice(this.prefix.length)))
      .filter((value): value is T => value !== null);
  }

  /** Hear what other tabs change; `key` is without prefix, "" when everything was wiped. */
  listen(changed: (key: string) => void): void {
    addEventListener("storage", (event) => {
      if (event.storageArea !== this.disk) return;
      if (event.key === null) changed("");
      else if (event.key.startsWith(this.prefix)) changed(event.key.slice(this.prefix.length));
    });
  }

  private read(name: string): string | null {
    const kept = this.memory.get(name);
    if (kept !== undefined) return kept;
    try {
      return this.disk?.getItem(name) ?? null;
    } catch {
      return null;
    }
  }
}

/** The page's storage, if it may be written to. Merely naming it throws where cookies are blocked. */
function usable(): globalThis.Storage | null {
  try {
    const disk = window.localStorage;
    disk.setItem("deskbell:?", "1");
    disk.removeItem("deskbell:?");
    return disk;
  } catch {
    return null;
  }
}
