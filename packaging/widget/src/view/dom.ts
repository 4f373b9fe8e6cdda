/** Making elements. Text is only ever put in as text: nothing in this widget reads HTML. */

import type { Photo } from "../protocol";

const TONES = 6;
const PHOTO_PX = 80;

type Child = Node | string | null | undefined | false;
type Props = Record<string, string | number | boolean | null | undefined | ((event: never) => void)>;

/** An element; `on…` are listeners, `false`, null and undefined leave an attribute out, `true` makes it empty. */
export function h<K extends keyof HTMLElementTagNameMap>(tag: K, props: Props = {}, ...children: Child[]): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (typeof value === "function") made.addEventListener(name.slice(2), value as EventListener);
    else if (value !== false && value != null) made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...children.filter((child): child is Node | string => child != null && child !== false));
  return made;
}

const SVG = "http://www.w3.org/2000/svg";

/** An icon of one path, drawn in the colour of the text beside it. */
export function icon(path: string, size = 20): SVGSVGElement {
  const drawing = document.createElementNS(SVG, "svg");
  const attributes = { viewBox: "0 0 20 20", width: size, height: size, fill: "none", stroke: "currentColor", "aria-hidden": true };
  for (const [name, value] of Object.entries(attributes)) drawing.setAttribute(name, String(value));
  const line = document.createElementNS(SVG, "path");
  line.setAttribute("d", path);
  drawing.append(line);
  return drawing;
}

export const ICONS = {
  bubble: "M3 4h14v9.5H8L3 17z",
  close: "M5 5l10 10M15 5L5 15",
  more: "M10 5v.01M10 10v.01M10 15v.01",
  clip: "M14 6l-6.500 6.500a1.800 1.800 0 002.500 2.500L16.500 8.500a3.500 3.500 0 00-5-5L5 10a5 5 0 007 7l4.500-4.500",
  send: "M10 16V4M5 9l5-5 5 5",
  file: "M5 3h6l4 4v10H5zM11 3v4h4",
  star: "M10 2.800l2.200 4.700 5 .600-3.700 3.500 1 5.100L10 14.200l-4.500 2.500 1-5.100L2.800 8.100l5-.600z",
};

/** Set text only if it differs: a live region speaks at every change. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** "Tomás Hughes" → "TH", as the desk's own window has it. */
function initials(name: string): string {
  const words = name.split(/[\s@]+/).filter((word) => /^[\p{L}\p{N}]/u.test(word));
  const letters = [words[0], words.length > 1 ? words.at(-1) : ""].map((word) => Array.from(word ?? "")[0] ?? "");
  return letters.join("").toUpperCase() || "?";
}

/** A disc with initials: of a person in the colour that the desk's own window gives their name, of the desk in grey. A person's picture covers it. */
export function paintFace(face: HTMLElement, name: string, isPerson: boolean, photo?: Photo): void {
  setText(face, initials(name));
  const sum = Array.from(name).reduce((all, char) => all + (char.codePointAt(0) ?? 0), 0);
  face.dataset["tone"] = isPerson ? String(sum % TONES) : "";
  const before = face.querySelector("canvas");
  if (before?.dataset["id"] === photo?.id) return;
  before?.remove();
  if (photo) face.append(drawn(photo));
}

/** A picture as points of this page's own: a strict page would refuse to load one, from wherever it is. */
function drawn(photo: Photo): HTMLCanvasElement {
  const canvas = h("canvas", { width: PHOTO_PX, height: PHOTO_PX, "data-id": photo.id });
  const bytes = Uint8Array.from(atob(photo.data), (char) => char.charCodeAt(0));
  createImageBitmap(new Blob([bytes])).then(
    (points) => canvas.getContext("2d")?.drawImage(points, 0, 0, PHOTO_PX, PHOTO_PX),
    () => undefined, // the initials stay
  );
  return canvas;
}
