/** The small menu of the panel's head: a button that opens a list of actions, as the pattern "menu button" has it. */

import { h, icon, ICONS } from "./dom";

export interface Choice {
  words: string;
  act: () => void;
}

export class Menu {
  readonly button: HTMLButtonElement;
  readonly list: HTMLElement;

  constructor(
    label: string,
    private readonly choices: () => Choice[],
  ) {
    this.button = h(
      "button",
      { class: "ib dotted", type: "button", "aria-label": label, title: label, "aria-haspopup": "menu", "aria-expanded": "false" },
      icon(ICONS.more),
    );
    this.list = h("div", { class: "menu", role: "menu", "aria-label": label, hidden: true });
    this.button.addEventListener("click", () => (this.isOpen ? this.close(true) : this.open()));
    this.list.addEventListener("keydown", (event) => this.key(event));
    this.list.addEventListener("focusout", (event) => {
      const to = event.relatedTarget as Node | null;
      if (!this.list.contains(to) && to !== this.button) this.close(false);
    });
  }

  get isOpen(): boolean {
    return !this.list.hidden;
  }

  close(isBack: boolean): void {
    this.list.hidden = true;
    this.button.setAttribute("aria-expanded", "false");
    if (isBack) this.button.focus();
  }

  private open(): void {
    const items = this.choices().map(({ words, act }) => {
      const pick = () => {
        this.close(true);
        act();
      };
      return h("button", { role: "menuitem", type: "button", tabindex: -1, onclick: pick }, words);
    });
    this.list.replaceChildren(...items);
    this.list.hidden = false;
    this.button.setAttribute("aria-expanded", "true");
    items[0]?.focus();
  }

  private key(event: KeyboardEvent): void {
    const items = [...this.list.children] as HTMLElement[];
    const at = items.indexOf(event.target as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
    if (event.key === "Escape") {
      event.stopPropagation();
      this.close(true);
    } else if (event.key === "Tab") this.close(false);
    else if (to !== undefined) {
      event.preventDefault();
      items.at(to % items.length)?.focus();
    }
  }
}
