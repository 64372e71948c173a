import assert from 'node:assert/strict'
import test from 'node:test'
import { Connection } from '../static/lib/connection.js'
import { DataChannels } from '../static/lib/datachannels.js'
import { base64, nextQuality } from '../static/recorder/preview.js'
import { Instants } from '../static/recorder/instants.js'
import { Monitor } from '../static/recorder/monitor.js'
import { FakeSession, START } from './recording-rig.js'

/** @param {any} t */
function watched(t) {
  t.mock.timers.enable({ apis: ['setInterval', 'setTimeout'] })
  const session = new FakeSession()
  /** @type {any[]} */ const asked = []
  const state = { now: 'ready' }
  let page = 0
  t.mock.method(performance, 'now', () => page)
  const desk = /** @type {any} */ ({ post: (/** @type {any} */ m) => asked.push(m) })
  const monitor = new Monitor(/** @type {any} */ (session), desk, /** @type {any} */ ({}), () => /** @type {any} */ (state.now))
  t.after(() => monitor.close())
  const pass = (/** @type {number} */ ms, late = 0) => {
    for (let i = 0; i < ms; i += 500) {
      session.t += 500
      page += 500 + late
      t.mock.timers.tick(500)
    }
  }
  return { session, monitor, asked, state, pass, pictures: () => asked.filter(m => m.picture).length, asides: () => session.sent.filter(([e]) => e === 'monitor') }
}

test('nothing is made while nobody watches', t => {
  const { session, asked, pass } = watched(t)
  pass(5000)
  session.tell('monitor_wanted', { on: true })
  pass(1000)
  session.tell('monitor_wanted', { on: false })
  assert.deepEqual(asked.map(m => m.on), [true, true, false])
  pass(5000)
  assert.equal(asked.length, 3)
})

test('levels twice a second, a picture every 1.5 s, in a take every 4 s, none of a busy page', t => {
  const { session, asked, state, pass, pictures } = watched(t)
  session.tell('monitor_wanted', { on: true })
  pass(12_000)
  assert.deepEqual([asked.length, pictures()], [24, 8])
  state.now = 'recording'
  pass(12_000)
  assert.deepEqual([asked.length, pictures()], [48, 11])
  pass(12_000, 100)
  assert.deepEqual([asked.length, pictures()], [72, 11])
})

test('nothing is asked for or sent around an instant', t => {
  const { session, monitor, asked, pass, asides } = watched(t)
  session.tell('monitor_wanted', { on: true })
  session.tell('command', { commandId: 'c', timestamp: START + 2200 })
  for (let i = 0; i < 8; i++) {
    const before = asked.length
    pass(500)
    const away = session.t - START - 2200
    assert.equal(asked.length > before, away <= -700 || away > 200, `${away} ms`)
    if (away > -400 && away <= 200) monitor.got({ peakDb: -20, rmsDb: -30 })
  }
  assert.equal(asides().length, 0)
  monitor.got({ peakDb: -20, rmsDb: -30, image: 'x', width: 160, height: 90, tookMs: 5 })
  assert.deepEqual(asides(), [['monitor', { peakDb: -20, rmsDb: -30, image: 'x', width: 160, height: 90 }]])
  monitor.got({})
  assert.equal(asides().length, 1)
})

test('a command that is called off is no instant', () => {
  const session = new FakeSession()
  const instants = new Instants(/** @type {any} */ (session))
  session.tell('stop_recording', { commandId: 's', timestamp: START + 300 })
  assert.equal(instants.near(), true)
  session.tell('cancelled', { commandId: 's' })
  assert.equal(instants.near(), false)
  session.tell('playback_sync', { commandId: 'p', timestamp: START + 900 })
  assert.deepEqual([instants.near(), instants.near(600)], [false, true])
})

test('pictures are kept small', () => {
  let quality = 0.6
  for (const bytes of [20_000, 15_000, 9000, 8000]) quality = nextQuality(quality, bytes)
  assert.ok(quality <= 0.1001)
  assert.ok(nextQuality(0.1, 2000) > 0.1)
  assert.equal(nextQuality(0.7, 100), 0.7)
  assert.equal(base64(new Uint8Array([1, 2, 250])), 'AQL6')
})

test('what may be lost goes over the data channel, and never piles up', () => {
  /** @type {string[]} */ const sent = []
  const channel = () => /** @type {any} */ ({ readyState: 'open', bufferedAmount: 0, send: (/** @type {string} */ text) => sent.push(text), close() {} })
  const link = new DataChannels(/** @type {any} */ ({}), { map() {}, control() {} })
  const m = { event: 'monitor', data: { peakDb: -3 } }
  assert.equal(link.send(m), false)
  const control = channel()
  link.adopt(channel(), control)
  assert.equal(link.send(m), true)
  control.bufferedAmount = 1 << 20
  assert.equal(link.send(m), true)
  control.readyState = 'closing'
  assert.equal(link.send(m), false)
  assert.deepEqual(sent, ['{"event":"monitor","data":{"peakDb":-3}}'])
  const connection = new Connection(['ws://x'], { sessionId: 'studio' }, /** @type {any} */ ({}))
  connection.sendAside(m) // nobody has joined: it is lost
})
