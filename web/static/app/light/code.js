/**
 * The light of docs/cameras.md: session time as a moving picture. What a refresh shows follows
 * from its page of session time, the screen's grid and its number within the page.
 *
 * @typedef {object} Grid
 * @property {number} phase   of the page's first refresh, in eighths of a ms, 0 to 255
 * @property {number} period  of refreshes, in 512ths of a ms, of 14 bits
 *
 * @typedef {object} Picture
 * @property {boolean[]} cells  68 of them
 * @property {number} bar       which of the bars is white, 0 to 11
 * @property {boolean} flash
 */

/** Of a page, ms. */
export const PAGE = 800
const SLOTS = 2 ** 20
/** Cells that never change. */
const KEYS = new Map([[0, true], [1, false], [15, true], [16, false], [51, false], [67, false]])

/**
 * @param {number} phase   ms from the page's begin to its first refresh
 * @param {number} period  ms, 4 to 31
 * @returns {Grid}
 */
export function gridOf(phase, period) {
  return { phase: Math.min(Math.floor(phase * 8 + 0.5), 255), period: Math.floor(period * 512 + 0.5) }
}

/**
 * When the refresh is lit, by what it tells: ms after the page's begin.
 *
 * @param {Grid} grid
 * @param {number} index
 */
export function lit(grid, index) {
  return units(grid, index) / 512
}

/**
 * @param {Grid} grid
 * @param {number} index
 */
function units(grid, index) {
  return grid.phase * 64 + index * grid.period
}

/**
 * The slot of 100 ms that the refresh is in.
 *
 * @param {number} page
 * @param {Grid} grid
 * @param {number} index
 */
export function slotOf(page, grid, index) {
  const slot = page * 8 + Math.min(Math.floor(units(grid, index) / 51200), 7)
  return ((slot % SLOTS) + SLOTS) % SLOTS
}

/**
 * @param {number} page
 * @param {Grid} grid
 * @param {number} index  of the refresh within the page
 * @returns {Picture}
 */
export function pictureOf(page, grid, index) {
  const n = slotOf(page, grid, index)
  const number = ((page % 2 ** 17) + 2 ** 17) % 2 ** 17
  const bits = [
    ...bitsOf(n ^ (n >>> 1), 20),
    ...bitsOf(crc(bitsOf(n >>> 1, 20), 7, 0x09), 7),
    ...bitsOf(crc(bitsOf(((n + 1) % SLOTS) >>> 1, 20), 7, 0x09) ^ 0x55, 7),
    ...bitsOf(grid.phase, 8),
    ...bitsOf(grid.period, 14),
    ...bitsOf(crc([...bitsOf(n >>> 3, 17), ...bitsOf(grid.phase, 8), ...bitsOf(grid.period, 14)], 6, 0x03), 6),
  ]
  const cells = Array.from({ length: 68 }, (_, i) => KEYS.get(i) ?? bits.shift() ?? false)
  return { cells, bar: index % 12, flash: flash(number, index) }
}

/**
 * The highest first.
 *
 * @param {number} value
 * @param {number} count
 */
function bitsOf(value, count) {
  return Array.from({ length: count }, (_, i) => ((value >>> (count - 1 - i)) & 1) === 1)
}

/**
 * @param {boolean[]} bits
 * @param {number} width
 * @param {number} polynomial
 */
function crc(bits, width, polynomial) {
  const all = 2 ** width - 1
  let state = all
  for (const bit of bits) {
    const out = ((state >>> (width - 1)) & 1) !== (bit ? 1 : 0)
    state = (state << 1) & all
    if (out) state ^= polynomial
  }
  return state
}

/**
 * @param {number} page
 * @param {number} index
 */
function flash(page, index) {
  let x = Math.imul(page, 0x9e3779b1) ^ Math.imul(index, 0x85ebca6b)
  x ^= x >>> 15
  x = Math.imul(x, 0x2c1b3c6d)
  x ^= x >>> 12
  x = Math.imul(x, 0x297a2d39)
  x ^= x >>> 15
  return (x & 1) === 1
}
