/**
 * Any colour an owner likes, and still legible: what is written on it is black or white, whichever stands out more, and what
 * is written in it is darkened or lightened until it stands out from the ground (4.5:1, WCAG 2 contrast).
 */

type Rgb = [number, number, number];

export function inkOn(colour: string): string {
  const ground = rgb(colour);
  const white = contrast(ground, [255, 255, 255]);
  return white >= 4.5 || white >= contrast(ground, [17, 20, 26]) ? "#fff" : "#11141a";
}

export function legible(colour: string, ground: string): string {
  const under = rgb(ground);
  const goal = luminance(under) > 0.5 ? 0 : 255;
  let ink = rgb(colour);
  for (let step = 0; step < 20 && contrast(ink, under) < 4.5; step++) {
    ink = ink.map((part) => Math.round(part + (goal - part) * 0.12)) as Rgb;
  }
  return `rgb(${ink.join(" ")})`;
}

function rgb(colour: string): Rgb {
  return [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16)) as Rgb;
}

function luminance(colour: Rgb): number {
  const [r, g, b] = colour.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as Rgb;
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one: Rgb, other: Rgb): number {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number];
  return (high + 0.05) / (low + 0.05);
}
