import { signed, span } from './format.js'
import { svg } from './ui.js'

/**
 * @typedef {object} Row
 * @property {string} name
 * @property {number} error  ms against the command's timestamp
 * @property {number} bound  ms, of the device's clock
 * @property {boolean} late
 */

const ROW = 34
const AXIS = 34
const NARROW = 520

/**
 * The report as a picture: a row per device, a dot where it acted on an axis
 * in ms around the command's instant, its clock's bound as an error bar.
 *
 * @param {Row[]} rows
 * @param {number} width  px
 */
export function picture(rows, width) {
  const left = width < NARROW ? 92 : 170
  const right = 78
  const height = rows.length * ROW + AXIS
  const reach = niceReach(Math.max(...rows.map(r => Math.abs(r.error) + finite(r.bound))))
  const plot = width - left - right
  const x = (/** @type {number} */ ms) => left + ((ms + reach) / (2 * reach)) * plot
  const image = svg('svg', {
    class: 'chart', viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': inWords(rows),
  })
  image.append(band(rows, x), ...axis(reach, x, rows.length * ROW, width < NARROW ? 2 : 4))
  rows.forEach((row, i) => image.append(...drawRow(row, i * ROW + ROW / 2, x, width, left)))
  return image
}

/**
 * @param {Row[]} rows
 * @param {(ms: number) => number} x
 */
function band(rows, x) {
  const errors = rows.map(r => r.error)
  const from = x(Math.min(...errors))
  return svg('rect', { class: 'band', x: from, y: 0, width: Math.max(1, x(Math.max(...errors)) - from), height: rows.length * ROW })
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
    marks.push(svg('text', { x: x(ms), y: bottom + 20, 'text-anchor': 'middle' }, ms === 0 ? '0' : signed(ms)))
  }
  return marks
}

/**
 * @param {Row} row
 * @param {number} y
 * @param {(ms: number) => number} x
 * @param {number} width
 * @param {number} left
 */
function drawRow({ name, error, bound, late }, y, x, width, left) {
  const title = svg('title', {}, `${name}: ${signed(error)} ± ${span(bound)}${late ? ', late' : ''}`)
  const parts = [
    svg('text', { class: 'who', x: 0, y: y + 4 }, shorten(name, Math.floor(left / 8))),
    svg('text', { class: 'value', x: width, y: y + 4, 'text-anchor': 'end' }, signed(error)),
  ]
  if (Number.isFinite(bound)) parts.push(...errorBar(x(error - bound), x(error + bound), y))
  parts.push(svg('circle', { class: late ? 'dot late' : 'dot', cx: x(error), cy: y, r: 5 }, title))
  return parts
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

/** @param {number} bound */
function finite(bound) {
  return Number.isFinite(bound) ? bound : 0
}

/**
 * @param {string} text
 * @param {number} length
 */
function shorten(text, length) {
  return text.length > length ? text.slice(0, length - 1) + '…' : text
}

/** @param {Row[]} rows */
function inWords(rows) {
  return 'When each device acted against the instant: ' +
    rows.map(r => `${r.name} ${signed(r.error)} plus or minus ${span(r.bound)}`).join('; ')
}
