import assert from 'node:assert/strict'
import { setMaxListeners } from 'node:events'
import test from 'node:test'
import { browser } from '../static/lib/webstorage.js'
import { Timeline } from '../static/lib/timeline.js'
import * as wire from '../static/lib/wire.js'
import { Player } from '../static/player.js'
import { fakePage, fakeTime } from './fakes.js'

const SESSION = 1_763_894_400_000
/** A move sleeps, and waits for many events: Node takes that for a leak. */
setMaxListeners(0)

/** A medium of 60 s, which takes its time for everything, and runs by a clock of its own. */
class Medium extends EventTarget {
  HAVE_FUTURE_DATA = 3
  HAVE_ENOUGH_DATA = 4
  duration = NaN
  readyState = 0
  paused = true
  seeking = false
  muted = false
  loop = false
  preservesPitch = true
  /** @type {any} */ error = null
  /** How fast its clock runs; when it moves after `play()`, ms; whether the browser wants a tap. */
  speed = 1
  latency = 30
  refuses = false
  seeks = 0
  #at = 0
  #since = NaN
  #rate = 1
  #src = ''
  /** @type {((error: Error) => void) | undefined} */ #broken

  get src() { return this.#src }

  set src(url) {
    this.#src = url
    this.#empty()
    setTimeout(() => this.#src === url && this.#loaded(), 100)
  }

  #empty() {
    Object.assign(this, { readyState: 0, duration: NaN, seeking: false, error: null })
    this.#at = 0
    this.#since = NaN
  }

  #loaded() {
    if (/broken/.test(this.#src)) {
      this.error = { code: 4, message: '' }
      return this.dispatchEvent(new Event('error'))
    }
    Object.assign(this, { readyState: 4, duration: 60 })
    for (const name of ['durationchange', 'loadedmetadata', 'canplay']) this.dispatchEvent(new Event(name))
  }

  removeAttribute() {
    this.#src = ''
  }

  load() {
    this.#empty()
  }

  canPlayType() { return 'maybe' }

  get #whole() {
    return { length: this.readyState ? 1 : 0, start: () => 0, end: () => this.duration }
  }

  get buffered() { return this.#whole }
  get seekable() { return this.#whole }
  get ended() { return this.currentTime >= this.duration }

  get currentTime() {
    const moved = Math.max(0, performance.now() - this.#since) || 0
    return Math.min(this.duration || 0, this.#at + (moved / 1000) * this.#rate * this.speed)
  }

  set currentTime(position) {
    this.seeks++
    this.seeking = true
    this.#at = position
    this.#since = NaN
    setTimeout(() => {
      this.seeking = false
      if (!this.paused) this.#since = performance.now()
      this.dispatchEvent(new Event('seeked'))
    }, 80)
  }

  get playbackRate() { return this.#rate }

  set playbackRate(rate) {
    this.#stop()
    this.#rate = rate
    if (!this.paused) this.#since = performance.now()
  }

  #stop() {
    this.#at = this.currentTime
    this.#since = NaN
  }

  /** @returns {Promise<void>} */
  play() {
    if (this.refuses && !this.muted) return Promise.reject(new DOMException('touch me', 'NotAllowedError'))
    if (!this.paused) return Promise.resolve()
    this.paused = false
    return new Promise((resolve, reject) => {
      this.#broken = reject
      setTimeout(() => {
        if (this.paused || this.#broken !== reject) return
        this.#since = performance.now()
        this.dispatchEvent(new Event('playing'))
        resolve()
      }, this.latency)
    })
  }

  pause() {
    if (this.paused) return
    this.#stop()
    this.paused = true
    this.#broken?.(new DOMException('paused', 'AbortError'))
  }

  /** Nothing comes from the network any more. */
  stall() {
    this.#stop()
    this.readyState = 2
    this.dispatchEvent(new Event('waiting'))
  }

  /** It comes again. */
  flow() {
    this.readyState = 4
    if (!this.paused) this.#since = performance.now()
    this.dispatchEvent(new Event('canplay'))
  }
}

/** A session whose timeline is the test's. */
class Session extends EventTarget {
  timeline = new Timeline()
  audioTrim = 0
  isLeader = false
  known = true
  server = { url: 'https://beat.example/' }
  session = { devices: [] }
  deviceId = 'd1'
  /** @type {[string, any][]} */ told = []
  /** @type {any} */ handler
  /** @type {Promise<number>[]} */ acted = []

  now = () => (this.known ? SESSION + performance.now() : NaN)
  toSession = (/** @type {number} */ d) => SESSION + d

  /** @param {string} name @param {(data: any) => void} fn */
  on(name, fn) {
    const listener = (/** @type {any} */ event) => fn(event.detail)
    this.addEventListener(name, listener)
    return () => this.removeEventListener(name, listener)
  }

  /** @param {string} _name @param {any} fn @param {any} options */
  onCommand(_name, fn, { prepare }) {
    this.handler = { fn, prepare }
    return () => (this.handler = null)
  }

  /** @param {number} t @param {() => void} fn */
  at(t, fn) {
    const timer = setTimeout(fn, Math.max(0, t - this.now()))
    return () => clearTimeout(timer)
  }

  async mediaStatus(/** @type {any} */ status) { this.told.push(['status', status]) }
  async mediaInfo(/** @type {any} */ ...info) { this.told.push(['info', info]) }
  async buffering(/** @type {any} */ ...it) { this.told.push(['buffering', it]) }
  async reportDesync(/** @type {any} */ ...it) { this.told.push(['desync', it]) }

  /**
   * The leader changes what plays, as the server tells it: a command.
   *
   * @param {object} change
   * @param {number} [delay]
   */
  sync(change, delay = 1000) {
    const timestamp = this.now() + delay
    const command = { commandId: `p${timestamp}`, name: wire.PLAYBACK_SYNC, timestamp }
    this.timeline.receive(wire.PLAYBACK_SYNC, { mediaUrl: '/film.mp4', mediaId: 'f', playbackRate: 1, ...change, ...command, lastUpdateTime: timestamp })
    this.dispatchEvent(new CustomEvent('timeline'))
    this.handler.prepare(command)
    setTimeout(() => this.acted.push(this.handler?.fn(command)), delay)
    return timestamp
  }
}

/**
 * A player of a session in which a film is loaded, and stands at its beginning.
 *
 * @param {any} t
 * @param {object} [medium]
 * @param {string} [mediaUrl]
 */
async function rig(t, medium = {}, mediaUrl = '/film.mp4') {
  const time = fakeTime(t)
  fakePage(t)
  for (const what of ['seek', 'start', 'start-muted', 'turn']) browser.remove(`downbeat:player:${what}`) // a device that has learnt nothing
  t.mock.method(globalThis, 'fetch', async () => ({ status: 200 }))
  const session = new Session()
  const playbackState = { mediaUrl, mediaId: 'f', isPlaying: false, position: 0, playbackRate: 1, lastUpdateTime: SESSION }
  session.timeline.receive(wire.SESSION_JOINED, { session: { playbackState } })
  const element = Object.assign(new Medium(), medium)
  const player = new Player(/** @type {any} */ (session), /** @type {any} */ (element))
  t.after(() => player.close())
  await time.pass(300)
  /** How far it is from where the timeline is, ms. */
  const off = () => (element.currentTime - session.timeline.position(session.now())) * 1000
  return { time, session, element, player, off }
}

test('player: it loads what the session has, and stands where everybody does', async t => {
  const { time, session, element, player } = await rig(t)
  assert.deepEqual([element.src, player.state, element.paused], ['https://beat.example/film.mp4', 'paused', true])
  session.sync({ isPlaying: false, position: 12.5 })
  await time.pass(1300)
  assert.deepEqual([element.currentTime, player.state], [12.5, 'paused'])
})

test('player: without session time it does nothing', async t => {
  const { time, session, player, element } = await rig(t)
  session.known = false
  const { seeks } = element
  await time.pass(500)
  assert.deepEqual([player.state, element.seeks], ['unsynced', seeks])
})

test('player: a start is prepared, made early by what starts take here, and told when it was', async t => {
  const { time, session, element, player, off } = await rig(t, { latency: 70 })
  const timestamp = session.sync({ isPlaying: true, position: 5 })
  await time.pass(500)
  assert.deepEqual([element.currentTime, element.paused], [5, true], 'it stands ready')
  await time.pass(600, 1)
  assert.ok(!element.paused && Math.abs(off()) < 10, `${off()} ms off a moment after the start`)
  await time.pass(900, 1)
  assert.equal(player.state, 'playing')
  const at = await session.acted[0]
  assert.ok(Math.abs(at - timestamp) < 10, `it acted ${at - timestamp} ms after the instant`)
})

test('player: a sound card that is fast is held by the rate, without a seek', async t => {
  const { time, session, element, player, off } = await rig(t, { speed: 1.0005 })
  session.sync({ isPlaying: true, position: 0 })
  await time.pass(2000, 5)
  const { seeks } = element
  await time.pass(10_000)
  let rates = 0
  for (let i = 0; i < 40; i++) {
    await time.pass(250)
    rates += element.playbackRate / 40 // steps and rests, whose mean counts
  }
  assert.ok(Math.abs(off()) < 5 && Math.abs(player.drift) < 5, `${off()} ms off, it says ${player.drift}`)
  assert.ok(Math.abs(rates * 1.0005 - 1) < 0.0002, `a rate of ${rates}`)
  assert.deepEqual([element.seeks, player.seeks], [seeks, 0])
})

test('player: what is far off is sought, once', async t => {
  const { time, session, element, player, off } = await rig(t)
  session.sync({ isPlaying: true, position: 0 })
  await time.pass(3000)
  element.currentTime = 30 // by the browser’s own controls
  await time.pass(4000)
  assert.ok(Math.abs(off()) < 60, `${off()} ms off`)
  assert.deepEqual([player.state, player.seeks], ['playing', 1])
})

test('player: everybody stops at one place, however far each had come', async t => {
  const { time, session, element, player } = await rig(t)
  session.sync({ isPlaying: true, position: 0 })
  await time.pass(3000)
  session.sync({ isPlaying: false, position: 2.75 })
  await time.pass(1400)
  assert.deepEqual([element.paused, element.currentTime, player.state], [true, 2.75, 'paused'])
  assert.ok(Number.isNaN(player.drift))
})

test('player: a browser that wants a tap is told of, and plays after it', async t => {
  const { time, session, element, player, off } = await rig(t, { refuses: true })
  assert.equal(player.trouble?.code, 'autoplay_refused')
  session.sync({ isPlaying: true, position: 0 })
  await time.pass(1500)
  assert.deepEqual([player.state, element.paused], ['blocked', true])
  element.refuses = false // touched
  const unlocked = player.unlock()
  await time.pass(3000)
  assert.equal(await unlocked, true)
  assert.deepEqual([player.state, player.trouble], ['playing', null])
  assert.ok(Math.abs(off()) < 60, `${off()} ms off`)
})

test('player: one that lacks data says so, and then is where the others are', async t => {
  const { time, session, element, player, off } = await rig(t)
  session.sync({ isPlaying: true, position: 0 })
  await time.pass(3000)
  element.stall()
  await time.pass(2000)
  assert.equal(player.state, 'buffering')
  element.flow()
  await time.pass(4000)
  assert.equal(player.state, 'playing')
  assert.ok(Math.abs(off()) < 60, `${off()} ms off`)
})

test('player: a medium that can’t be played says why; another one is a new beginning', async t => {
  const { time, session, element, player } = await rig(t, {}, '/broken.mp4')
  assert.deepEqual([player.state, player.trouble?.code, player.trouble?.fatal], ['failed', 'unsupported', true])
  session.sync({ isPlaying: false, position: 1 }, 0)
  await time.pass(500)
  assert.deepEqual([player.state, player.trouble, element.currentTime], ['paused', null, 1])
})

test('player: it ends with the medium, and says so', async t => {
  const { time, session, player, element } = await rig(t)
  session.sync({ isPlaying: true, position: 58 })
  await time.pass(4000)
  assert.deepEqual([player.state, element.ended], ['ended', true])
})

test('player: the trim makes it early by that', async t => {
  const { time, session, element, player, off } = await rig(t, { latency: 70 })
  player.trimMs = 120
  assert.equal(session.audioTrim, 120)
  session.sync({ isPlaying: true, position: 0 })
  await time.pass(1200, 1)
  assert.ok(Math.abs(off() - 120) < 10, `${off()} ms ahead a moment after the start`)
  await time.pass(11_000)
  assert.ok(Math.abs(off() - 120) < 10, `${off()} ms ahead`)
  element.currentTime = 40
  await time.pass(1500, 1)
  assert.ok(Math.abs(off() - 120) < 15, `${off()} ms ahead after a seek`)
})

test('player: once closed it gives the medium back, and does nothing more', async t => {
  const { time, session, element, player } = await rig(t, { speed: 1.0005 })
  session.sync({ isPlaying: true, position: 0 })
  await time.pass(8000)
  let events = 0
  for (const name of ['state', 'drift', 'trouble']) player.addEventListener(name, () => void events++)
  player.close()
  const { length } = session.told
  assert.deepEqual([element.paused, element.playbackRate, element.preservesPitch, session.handler], [true, 1, true, null])
  await time.pass(5000)
  assert.deepEqual([element.paused, events, session.told.length, player.state], [true, 0, length, 'closed'])
})
