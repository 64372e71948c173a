import * as format from '../ui/format.js'
import { byId, svg } from '../ui/ui.js'

/** Readings drawn, and how often one is taken, ms. */
const DRAWN = 120
const EVERY = 500
const WIDTH = 240
const HEIGHT = 48
/** What the curve's height may stand for, ms. */
const REACHES = [10, 25, 50, 100, 250, 1000]

/** Shows the drift as a number and as a curve of the last minute. */
export class DriftView {
  /** @type {number[]} */ #readings = []
  #last = -Infinity
  #line = svg('polyline')

  constructor() {
    byId('spark').append(svg('line', { x1: 0, x2: WIDTH, y1: HEIGHT / 2, y2: HEIGHT / 2 }), this.#line)
  }

  /** @param {number} drift  ms; NaN while nothing plays */
  show(drift) {
    const now = performance.now()
    const stopped = Number.isNaN(drift)
    if (!stopped && now - this.#last < EVERY) return
    this.#last = now
    byId('drift').textContent = stopped ? '—' : format.signed(Math.abs(drift) < 1 ? drift : Number(drift.toPrecision(3)))
    if (stopped) return
    this.#readings = [...this.#readings, drift].slice(-DRAWN)
    this.#draw()
  }

  #draw() {
    const largest = Math.max(...this.#readings.map(Math.abs))
    const reach = REACHES.find(r => r >= largest) ?? largest
    const x = (/** @type {number} */ i) => (WIDTH * (i + DRAWN - this.#readings.length)) / (DRAWN - 1)
    const y = (/** @type {number} */ ms) => HEIGHT / 2 - (ms / reach) * (HEIGHT / 2 - 2)
    this.#line.setAttribute('points', this.#readings.map((ms, i) => `${x(i).toFixed(1)},${y(ms).toFixed(1)}`).join(' '))
    byId('spark-note').textContent = `the last minute, ± ${format.span(reach)}; above the line is ahead`
  }
}
