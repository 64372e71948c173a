/**
 * A take as something to play: its recordings on one line that begins with its
 * first frame, a track for each device.
 *
 * @typedef {object} Part
 * @property {string} recordingId
 * @property {string} url
 * @property {number} from  where its first frame lies on the line, s
 * @property {number} to    where its last frame lies, s
 *
 * @typedef {object} Track
 * @property {string} deviceId
 * @property {Part[]} parts  by time
 * @property {boolean} sounds  its device said that there is sound
 *
 * @typedef {object} Line
 * @property {number} length   s
 * @property {number} frame    length of a frame, s: the shortest of all tracks
 * @property {Track[]} tracks  by first frame
 */

/** Frames a second where no device told its own. */
const USUAL_RATE = 30
/** Farther off than this a player jumps, nearer it changes its speed, s. */
const FAR = 0.3
/** The time in which a small error is to be gone, s, and the greatest change of speed. */
const TAKE_UP = 0.5
const LARGEST = 0.15

/**
 * What of a take can be played: recordings whose file is here and whose times are known.
 *
 * @param {any[]} recordings  as in the listing
 * @returns {Line}
 */
export function lineOf(recordings) {
  const playable = recordings
    .filter(r => r.fileUrl && r.startTimestamp != null && r.stopTimestamp != null)
    .sort((a, b) => a.startTimestamp - b.startTimestamp)
  const zero = playable[0]?.startTimestamp ?? 0
  /** @type {Map<string, Track>} */
  const tracks = new Map()
  for (const r of playable) {
    /** @type {Track} */
    const track = tracks.get(r.deviceId) ?? { deviceId: r.deviceId, parts: [], sounds: false }
    const part = { recordingId: r.recordingId, url: r.fileUrl, from: (r.startTimestamp - zero) / 1000, to: (r.stopTimestamp - zero) / 1000 }
    track.parts.push(part)
    track.sounds ||= r.report?.sound === 'ok'
    tracks.set(r.deviceId, track)
  }
  const rates = playable.map(r => r.report?.frameRate).filter(rate => rate > 0)
  const ends = playable.map(r => (r.stopTimestamp - zero) / 1000)
  return { length: Math.max(0, ...ends), frame: 1 / Math.max(...rates, rates.length ? 0 : USUAL_RATE), tracks: [...tracks.values()] }
}

/**
 * The part of a track that is seen at a position; null in a gap.
 *
 * @param {Track} track
 * @param {number} position  s
 * @param {number} frame     s: the last frame is seen for as long
 */
export function partAt(track, position, frame) {
  return track.parts.find(({ from, to }) => position >= from && position <= to + frame) ?? null
}

/**
 * What a player that runs has to do about its error.
 *
 * @param {number} error  its position less the line's, s
 * @param {number} speed  of the line
 * @returns {{jump: boolean, rate: number}}
 */
export function correction(error, speed) {
  if (Math.abs(error) > FAR * Math.max(1, speed)) return { jump: true, rate: speed }
  const change = Math.max(-LARGEST, Math.min(LARGEST, -error / TAKE_UP))
  return { jump: false, rate: speed * (1 + change) }
}

/** Where the line is: it runs by this page's clock, stands, or waits for players without data. */
export class Transport {
  #position = 0
  #since = 0
  #running = false
  #length
  #now
  speed = 1
  playing = false

  /**
   * @param {number} length  s
   * @param {() => number} now  ms
   */
  constructor(length, now = () => performance.now()) {
    this.#length = length
    this.#now = now
  }

  /** s */
  get position() {
    if (!this.#running) return this.#position
    return Math.min(this.#length, this.#position + ((this.#now() - this.#since) / 1000) * this.speed)
  }

  get over() {
    return this.position >= this.#length
  }

  /** @param {number} position  s */
  seek(position) {
    this.#position = Math.max(0, Math.min(this.#length, position))
    this.#since = this.#now()
  }

  play() {
    if (this.over) this.seek(0)
    this.playing = true
  }

  pause() {
    this.run(false)
    this.playing = false
  }

  /** @param {number} speed */
  setSpeed(speed) {
    this.seek(this.position)
    this.speed = speed
  }

  /**
   * Goes on, or waits, while it plays.
   *
   * @param {boolean} run
   */
  run(run) {
    if (run === this.#running) return
    this.seek(this.position)
    this.#running = run
  }
}
