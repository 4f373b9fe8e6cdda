/**
 * Which language the widget speaks: the one that the snippet names, else the page's, else the browser's, else English; and
 * dates and sizes in that language.
 */

import { de } from "./de";
import { en, type Words } from "./en";
import { es } from "./es";
import { fr } from "./fr";
import { ja } from "./ja";
import { pt } from "./pt";

const ALL: Record<string, Words> = { en, de, es, pt, fr, ja };

export class Speech {
  readonly lang: string;
  /** The tag for dates: "en-GB" stays "en-GB". */
  private readonly tag: string;
  private readonly words: Words;

  constructor(wished: readonly (string | null | undefined)[]) {
    const tags = wished.filter((one): one is string => !!one);
    this.tag = tags.find((tag) => base(tag) in ALL && isTag(tag)) ?? "en";
    this.lang = base(this.tag);
    this.words = ALL[this.lang] ?? en;
  }

  say(key: keyof Words, values: Record<string, string | number> = {}): string {
    return this.words[key].replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
  }

  clock(iso: string): string {
    return this.format(iso, { hour: "2-digit", minute: "2-digit" });
  }

  day(iso: string): string {
    const days = Math.round((midnight(new Date()) - midnight(new Date(iso))) / 86_400_000);
    if (days < 0 || days > 1) return this.format(iso, { weekday: "long", day: "numeric", month: "long" });
    return new Intl.RelativeTimeFormat(this.tag, { numeric: "auto" }).format(-days, "day");
  }

  /** When something will be: the hour alone today, with its day otherwise. */
  moment(iso: string): string {
    const isToday = midnight(new Date()) === midnight(new Date(iso));
    return isToday ? this.clock(iso) : this.format(iso, { weekday: "long", hour: "2-digit", minute: "2-digit" });
  }

  size(bytes: number): string {
    const unit = bytes < 1024 * 1024 ? "kilobyte" : "megabyte";
    const count = unit === "kilobyte" ? Math.max(1, Math.round(bytes / 1024)) : bytes / 1024 / 1024;
    return new Intl.NumberFormat(this.tag, { style: "unit", unit, maximumFractionDigits: 1 }).format(count);
  }

  private format(iso: string, options: Intl.DateTimeFormatOptions): string {
    const date = new Date(iso);
    return isNaN(+date) ? "" : date.toLocaleString(this.tag, options);
  }
}

function base(tag: string): string {
  return (tag.split(/[-_]/)[0] ?? "").toLowerCase();
}

function isTag(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length > 0;
  } catch {
    return false;
  }
}

function midnight(date: Date): number {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}
