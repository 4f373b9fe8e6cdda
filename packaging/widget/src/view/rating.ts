/** How was it? Five stars as one group of radio buttons, a word if the visitor likes, and thanks. */

import type { Speech } from "../words";
import { h, icon, ICONS } from "./dom";

export function rating(speech: Speech, done: (score: number, comment: string) => void): HTMLElement {
  let score = 0;
  const comment = h("textarea", { rows: 2, dir: "auto", "aria-label": speech.say("rateMore"), placeholder: speech.say("rateMore"), maxlength: 1000 });
  const more = h("div", { class: "rate-more", hidden: true }, comment, h("button", { class: "primary", type: "submit" }, speech.say("send")));
  const stars = [1, 2, 3, 4, 5].map((n) => {
    const box = h("input", { type: "radio", name: "score", value: n, "aria-label": starName(speech, n) });
    const star = h("label", { class: "star", title: starName(speech, n) }, box, icon(ICONS.star, 28));
    box.addEventListener("change", () => {
      score = n;
      stars.forEach((other, i) => other.classList.toggle("on", i < n));
      more.hidden = false;
    });
    return star;
  });
  const group = h("div", { class: "stars", role: "radiogroup", "aria-label": speech.say("rateAsk") }, ...stars);
  const form = h("form", { class: "rate" }, h("p", {}, speech.say("rateAsk")), group, more);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (score) done(score, comment.value.trim());
  });
  return form;
}

function starName(speech: Speech, n: number): string {
  const end = n === 1 ? speech.say("rateLow") : n === 5 ? speech.say("rateHigh") : "";
  return speech.say("rateOf", { n }) + (end && ` · ${end}`);
}
