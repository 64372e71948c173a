/** @import { TakeState } from './uploadqueue.js' */
/** @import { Warnings } from './warnings.js' */

/** How often to look, ms; at what takes longer to ask for, each so many times. */
const LOOK = 1000
const SELDOM = 10
/** Less than these is worth a word: of the storage in bytes, of the battery. */
const ROOM = 1e9
const EMPTY = 0.2
/** Nothing that was recorded got through for this long, ms. */
const STUCK = 30_000
/** The processor has been at its limit for this long, ms. */
const HOT = 10_000
/** Session time isn't known better than this, ms. */
const COARSE = 50

/**
 * @typedef {object} Surroundings
 * @property {() => TakeState[]} takes
 * @property {boolean} uploads  are recordings to be uploaded?
 * @property {() => number} bound  of session time, ms
 * @property {() => void} roomy  there is room for recordings
 */

/** @typedef {{level: number, charging: boolean}} Battery */

/**
 * Compute Pressure, which isn't in TypeScript's types.
 *
 * @typedef {object} PressureObserver
 * @property {(source: 'cpu', options: {sampleInterval: number}) => Promise<void>} observe
 * @property {() => void} disconnect
 */

/** Looks at what a recording needs besides a camera: storage, battery, processor, network, clock. */
export class ResourceMonitor {
  #warnings
  #of
  #timer
  #count = 0
  #closed = false
  /** @type {Battery | null} */ #battery = null
  /** @type {PressureObserver | null} */ #pressure = null
  #hotSince = Infinity
  #sent = 0
  #sentAt = performance.now()
  /** @type {number | undefined} */ freeBytes

  /**
   * @param {Warnings} warnings
   * @param {Surroundings} of
   */
  constructor(warnings, of) {
    this.#warnings = warnings
    this.#of = of
    this.#timer = setInterval(() => this.#look(), LOOK)
    const { getBattery } = /** @type {{getBattery?: () => Promise<Battery>}} */ (navigator) // not in every browser
    getBattery?.call(navigator).then(battery => (this.#battery = battery), () => {})
    this.#feelHeat()
    this.#look()
  }

  /** @returns {{battery?: number, charging?: boolean}} */
  get battery() {
    const { level: battery, charging } = this.#battery ?? {}
    return battery === undefined ? {} : { battery, charging }
  }

  /** What is in the way of uploads, in words. */
  get uploadError() {
    return this.#of.takes().find(({ error }) => error)?.error
  }

  /** Browsers tell no temperature; some tell that the processor is at its limit. */
  #feelHeat() {
    const { PressureObserver } = /** @type {{PressureObserver?: new (fn: (records: {state: string}[]) => void) => PressureObserver}} */ (globalThis)
    if (!PressureObserver) return
    this.#pressure = new PressureObserver(records => {
      const critical = records.at(-1)?.state === 'critical'
      if (!critical) this.#hotSince = Infinity
      else if (this.#hotSince === Infinity) this.#hotSince = performance.now()
    })
    Promise.resolve(this.#pressure.observe('cpu', { sampleInterval: 2000 })).catch(() => {})
  }

  #look() {
    const now = performance.now()
    const bound = this.#of.bound()
    const { battery = 1, charging } = this.battery
    this.#warnings.set('battery_low', !charging && battery < EMPTY && battery)
    this.#warnings.set('hot', now - this.#hotSince > HOT)
    this.#warnings.set('clock_coarse', Number.isFinite(bound) && bound > COARSE && bound)
    if (this.#of.uploads) this.#lookAtUploads(now)
    if (this.#count++ % SELDOM === 0) void this.lookAtStorage()
  }

  /** @param {number} now */
  #lookAtUploads(now) {
    const takes = this.#of.takes()
    const sent = takes.reduce((sum, { uploadedBytes }) => sum + uploadedBytes, 0)
    const waiting = takes.some(({ bytes, uploadedBytes }) => bytes > uploadedBytes)
    if (!waiting || sent !== this.#sent) this.#sentAt = now
    this.#sent = sent
    const ms = now - this.#sentAt
    this.#warnings.set('upload_stuck', ms > STUCK && ms / 1000)
  }

  async lookAtStorage() {
    /** @type {StorageEstimate} */
    const { quota, usage = 0 } = (await navigator.storage?.estimate().catch(() => null)) ?? {}
    if (this.#closed || quota === undefined) return
    const free = (this.freeBytes = Math.max(0, quota - usage))
    this.#warnings.set('storage_low', free < ROOM && free)
    if (free >= ROOM) this.#of.roomy()
  }

  close() {
    this.#closed = true
    clearInterval(this.#timer)
    this.#pressure?.disconnect()
  }
}
