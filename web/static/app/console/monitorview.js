import { browser } from '../../lib/webstorage.js'
import { byId, reveal } from '../ui/ui.js'
import * as wire from '../../lib/wire.js'

/** @import { Session } from '../../downbeat.js' */
/** @import { Painter } from '../ui/painter.js' */
/** @import { Monitored } from '../../lib/wire.js' */

/** Where it is kept that somebody doesn't want it, for this browser. */
const KEPT = 'downbeat:monitor'
/** What was seen longer ago isn't what is there, ms. */
const FRESH = 6000

/**
 * What a device sent last of what it sees and hears.
 *
 * @typedef {object} Seen
 * @property {string} image   a data URL; '' while none came
 * @property {number} [peakDb]
 * @property {number} at      of performance.now()
 */

/** What the cameras see and hear: asked for while somebody looks, and leads. */
export class MonitorView {
  #session
  #painter
  #wants
  #changed
  /** @type {Map<string, Seen>} */ #seen = new Map()
  #box = /** @type {HTMLInputElement} */ (byId('monitor'))
  #on = false
  #visible = () => this.draw()

  /**
   * @param {Session} session
   * @param {Painter} painter
   * @param {() => boolean} wants  are there cameras to be seen on this page now?
   * @param {() => void} changed   draws what is seen
   */
  constructor(session, painter, wants, changed) {
    this.#session = session
    this.#painter = painter
    this.#wants = wants
    this.#changed = changed
    this.#box.checked = browser.get(KEPT) !== 'off'
    this.#box.onchange = () => {
      browser.set(KEPT, this.#box.checked ? 'on' : 'off')
      if (!this.#box.checked) this.#seen.clear()
      this.draw()
      changed()
    }
    document.addEventListener('visibilitychange', this.#visible)
    session.on(wire.MONITOR, data => this.#heard(data))
    session.on(wire.SESSION_JOINED, () => {
      this.#on = false // a new connection hasn't asked yet
      this.draw()
    })
  }

  /**
   * @param {string} deviceId
   * @returns {Seen | null}  null: nothing lately
   */
  of(deviceId) {
    const seen = this.#seen.get(deviceId)
    return seen && performance.now() - seen.at < FRESH ? seen : null
  }

  /** Asks for pictures and levels, or no more, as it is wanted now. */
  draw() {
    const { isLeader, state } = this.#session
    reveal(byId('monitor-field'), isLeader)
    const on = isLeader && state !== 'reconnecting' && state !== 'closed' && this.#box.checked && !document.hidden && this.#wants()
    if (on === this.#on) return
    this.#on = on
    this.#session.request(wire.WATCH_MONITOR, { on }).catch(() => {}) // an older server has none
  }

  close() {
    document.removeEventListener('visibilitychange', this.#visible)
  }

  /** @param {Monitored} data */
  #heard({ deviceId, image, peakDb }) {
    if (!this.#on) return
    const before = this.#seen.get(deviceId)
    this.#seen.set(deviceId, { image: image ? pictureOf(image) : before?.image ?? '', peakDb: peakDb ?? before?.peakDb, at: performance.now() })
    this.#painter.ask('devices', this.#changed)
  }
}

/**
 * A picture in base 64 as what an image shows; '' for what is neither JPEG nor WebP.
 *
 * @param {unknown} image
 */
export function pictureOf(image) {
  if (typeof image !== 'string' || !/^[A-Za-z0-9+/]+=*$/.test(image)) return ''
  const kind = image.startsWith('/9j/') ? 'jpeg' : image.startsWith('UklGR') ? 'webp' : ''
  return kind && `data:image/${kind};base64,${image}`
}
