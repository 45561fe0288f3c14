/* Widths: of text, and of notes that have text under them. */

const canvas = document.createElement("canvas").getContext("2d");

/** Width of a text in pixels. @param {string} text @param {string} font such as `17px Georgia` */
export function textWidth(text, font) {
  canvas.font = font;
  return canvas.measureText(text).width;
}

/** A number for an attribute: a tenth of a pixel is enough. */
export const px = (value) => Math.round(value * 10) / 10;

/**
 * Widths for lengths side by side: in proportion to the lengths, but none narrower than it needs; `width` in all, or
 * as much as they need where that is more.
 * @param {number[]} lengths @param {number[]} needs @param {number} width @returns {number[]}
 */
export function spread(lengths, needs, width) {
  const need = needs.reduce((sum, each) => sum + each, 0);
  if (need >= width) return [...needs];
  let free = lengths.map((_, i) => i);
  let left = width;
  const out = [...needs];
  for (;;) {
    const total = free.reduce((sum, i) => sum + lengths[i], 0);
    const tight = free.filter((i) => (lengths[i] / total) * left < needs[i]);
    if (!tight.length) {
      for (const i of free) out[i] = (lengths[i] / total) * left;
      return out;
    }
    for (const i of tight) left -= needs[i];
    free = free.filter((i) => !tight.includes(i));
  }
}
