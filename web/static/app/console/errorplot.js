import { signed, span, tick } from '../ui/format.js'
import { svg } from '../ui/ui.js'

/**
 * @typedef {object} Row
 * @property {string} name
 * @property {number} error  ms against the command's timestamp
 * @property {number} bound  ms, of the device's clock
 * @property {boolean} late
 */

/**
 * Where things are, in px: names next to the dots, or above them where that
 * leaves no room.
 *
 * @typedef {object} Layout
 * @property {number} width
 * @property {number} row     height of a row
 * @property {number} left    of the plot
 * @property {number} right   margin on the other side
 * @property {number} text    baseline within the row
 * @property {number} dot     centre within the row
 * @property {number} ticks   parts of the axis
 */

const AXIS = 30
const NARROW = 560
/** Characters of a name. */
const LONGEST = 22

/**
 * @param {number} width
 * @returns {Layout}
 */
function layout(width) {
  if (width < NARROW) return { width, row: 50, left: 26, right: 26, text: 14, dot: 32, ticks: 2 }
  return { width, row: 34, left: 190, right: 100, text: 21, dot: 17, ticks: 4 }
}

/**
 * The report as a picture: a row per device, a dot where it acted on an axis
 * in ms around the command's instant, its clock's bound as an error bar.
 *
 * @param {Row[]} rows
 * @param {number} width  px
 */
export function picture(rows, width) {
  const l = layout(width)
  const bottom = rows.length * l.row
  const reach = reachOf(rows)
  const x = (/** @type {number} */ ms) => l.left + ((clamp(ms, reach) + reach) / (2 * reach)) * (width - l.left - l.right)
  const image = svg('svg', {
    class: 'chart', viewBox: `0 0 ${width} ${bottom + AXIS}`, role: 'img', 'aria-label': inWords(rows),
  })
  image.append(band(rows, x, bottom), ...axis(reach, x, bottom, l.ticks))
  rows.forEach((row, i) => image.append(...drawRow(row, i * l.row, x, l, Math.abs(row.error) > reach)))
  return image
}

/**
 * @param {Row[]} rows
 * @param {(ms: number) => number} x
 * @param {number} bottom
 */
function band(rows, x, bottom) {
  const errors = rows.map(r => r.error)
  const from = x(Math.min(...errors))
  return svg('rect', { class: 'band', x: from, y: 0, width: Math.max(1, x(Math.max(...errors)) - from), height: bottom })
}

/**
 * @param {number} reach
 * @param {(ms: number) => number} x
 * @param {number} bottom
 * @param {number} steps  tick marks in all, less one
 */
function axis(reach, x, bottom, steps) {
  const marks = []
  for (let i = 0; i <= steps; i++) {
    const ms = -reach + (2 * reach * i) / steps
    marks.push(svg('line', { class: ms === 0 ? 'zero' : 'grid', x1: x(ms), x2: x(ms), y1: 0, y2: bottom }))
    marks.push(svg('text', { x: x(ms), y: bottom + 20, 'text-anchor': 'middle' }, tick(ms)))
  }
  return marks
}

/**
 * @param {Row} row
 * @param {number} top
 * @param {(ms: number) => number} x
 * @param {Layout} l
 * @param {boolean} beyond  the axis doesn't reach so far: an arrow at its end instead of a dot
 */
function drawRow({ name, error, bound, late }, top, x, l, beyond) {
  const y = top + l.dot
  const title = svg('title', {}, `${name}: ${signed(error)} ± ${span(bound)}${late ? ', late' : ''}`)
  const parts = [
    svg('text', { class: 'who', x: 0, y: top + l.text }, shorten(name)),
    svg('text', { class: 'value', x: l.width, y: top + l.text, 'text-anchor': 'end' }, signed(error)),
  ]
  const shape = late ? 'dot late' : 'dot'
  if (beyond) {
    const [tip, back] = error > 0 ? [x(error) + 7, -12] : [x(error) - 7, 12]
    return [...parts, svg('path', { class: shape, d: `M${tip} ${y} l${back} -6 v12 z` }, title)]
  }
  if (Number.isFinite(bound)) parts.push(...errorBar(x(error - bound), x(error + bound), y))
  return [...parts, svg('circle', { class: shape, cx: x(error), cy: y, r: 5 }, title)]
}

/**
 * @param {number} from
 * @param {number} to
 * @param {number} y
 */
function errorBar(from, to, y) {
  const line = (/** @type {number} */ x1, /** @type {number} */ x2, /** @type {number} */ dy) =>
    svg('line', { class: 'bar-line', x1, x2, y1: y - dy, y2: y + dy })
  return [line(from, to, 0), line(from, from, 5), line(to, to, 5)]
}

/**
 * The least of 1, 2, 5, 10 … µs that holds `ms` with some room.
 *
 * @param {number} ms
 */
export function niceReach(ms) {
  const wanted = Math.max(ms * 1.1, 0.01)
  const power = 10 ** Math.floor(Math.log10(wanted))
  const factor = [1, 2, 5, 10].find(f => f * power >= wanted) ?? 10
  return factor * power
}

/** By how much farther off than the one in the middle a device must be to be left out of the axis. */
const OUTLIER = 12

/**
 * How far the axis reaches, ms: over all devices, but for a few so far off that the others
 * would be one dot.
 *
 * @param {Row[]} rows
 */
export function reachOf(rows) {
  const sizes = rows.map(r => Math.abs(r.error) + finite(r.bound)).sort((a, b) => a - b)
  const limit = sizes.length < 3 ? Infinity : OUTLIER * Math.max(sizes[(sizes.length - 1) >> 1], 0.01)
  return niceReach(Math.max(...sizes.filter(size => size <= limit)))
}

/**
 * @param {number} ms
 * @param {number} reach
 */
function clamp(ms, reach) {
  return Math.min(reach, Math.max(-reach, ms))
}

/** @param {number} bound */
function finite(bound) {
  return Number.isFinite(bound) ? bound : 0
}

/** @param {string} text */
function shorten(text) {
  return text.length > LONGEST ? text.slice(0, LONGEST - 4) + '…' + text.slice(-3) : text
}

/** @param {Row[]} rows */
function inWords(rows) {
  return 'When each device acted against the instant: ' +
    rows.map(r => `${r.name} ${signed(r.error)} plus or minus ${span(r.bound)}`).join('; ')
}
