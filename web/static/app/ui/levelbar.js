import { el, reveal } from './ui.js'

/** What counts as silence, dB: the bar's left end. */
const QUIET = -60
/** Above this a sound may be cut off. */
const LOUD = -3

/** How loud it is at a device, as a bar. */
export class LevelBar {
  #fill = el('span', { className: 'level-fill' })
  node = el('div', { className: 'level', hidden: true }, this.#fill)

  constructor() {
    this.node.setAttribute('role', 'meter')
    this.node.setAttribute('aria-valuemin', String(QUIET))
    this.node.setAttribute('aria-valuemax', '0')
  }

  /** @param {string} text  what it is the level of */
  label(text) {
    this.node.setAttribute('aria-label', text)
  }

  /** @param {number | undefined} peakDb  below full scale; undefined: unknown */
  show(peakDb) {
    const known = typeof peakDb === 'number' && Number.isFinite(peakDb)
    reveal(this.node, known)
    if (!known) return
    const db = Math.min(0, Math.max(QUIET, Math.round(peakDb)))
    const text = String(db)
    if (this.node.getAttribute('aria-valuenow') === text) return
    this.node.setAttribute('aria-valuenow', text)
    this.node.setAttribute('aria-valuetext', db === QUIET ? 'silence' : `${-db} dB below full`)
    this.#fill.style.width = `${100 * part(db)}%`
    this.node.classList.toggle('loud', db > LOUD)
  }
}

/**
 * How much of the bar a level fills, 0 to 1.
 *
 * @param {number} db
 */
export function part(db) {
  return Math.min(1, Math.max(0, 1 - db / QUIET))
}
