/** @import { Picture } from './code.js' */

/** The picture's size, in its units. */
export const WIDTH = 48
export const HEIGHT = 27
/** Columns that never change: how many of each four pixels are white. */
const STILL = new Map([[0, 4], [1, 0], [2, 2], [16, 1], [17, 3], [18, 0], [19, 4]])

/**
 * Draws all of the picture.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {number} unit  pixels, a multiple of 10, so that all edges are between pixels
 * @param {Picture} picture
 */
export function draw(context, unit, { cells, bar, flash }) {
  const fill = (/** @type {number} */ x, /** @type {number} */ y, /** @type {number} */ w, /** @type {number} */ h, /** @type {boolean} */ white) => {
    context.fillStyle = white ? '#fff' : '#000'
    context.fillRect(Math.round(x * unit), Math.round(y * unit), Math.round(w * unit), Math.round(h * unit))
  }
  fill(0, 0, WIDTH, HEIGHT, true)
  for (const [x, y] of [[1, 1], [42, 1], [1, 21], [42, 21]]) {
    fill(x, y, 5, 5, false)
    fill(x + 1, y + 1, 3, 3, true)
  }
  cells.forEach((white, i) => fill(7 + 2 * (i % 17), (i < 34 ? 1 : 21) + 2.5 * (Math.floor(i / 17) % 2), 2, 2.5, white))
  for (let column = 0; column < 20; column++) {
    const of4 = STILL.get(column) ?? (column === 15 ? flash : column - 3 === bar) ? STILL.get(column) ?? 4 : 0
    fill(1 + 2.3 * column, 7, 2.3, 13, of4 === 4)
    if (of4 > 0 && of4 < 4) grey(context, Math.round((1 + 2.3 * column) * unit), 7 * unit, Math.round(2.3 * unit), 13 * unit, of4)
  }
}

/**
 * So many of each four pixels are white.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {number} x
 * @param {number} y
 * @param {number} w
 * @param {number} h
 * @param {number} of4
 */
function grey(context, x, y, w, h, of4) {
  const data = context.createImageData(w, h)
  for (let i = 0; i < w * h; i++) {
    const place = [0, 2, 3, 1][(i % w % 2) + 2 * (Math.floor(i / w) % 2)]
    data.data.fill(place < of4 ? 255 : 0, 4 * i, 4 * i + 3)
    data.data[4 * i + 3] = 255
  }
  context.putImageData(data, x, y)
}
