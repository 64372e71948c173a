import assert from 'node:assert/strict'
import test from 'node:test'
import { join } from '../static/downbeat.js'
import { Follower } from '../static/lib/clockmap.js'
import { Session } from '../static/lib/session.js'
import * as wire from '../static/lib/wire.js'
import { FakeWorker, Socket, fakePage, fakeTime, settled } from './fakes.js'

/** @import { JoinOptions } from '../static/downbeat.js' */

const SESSION = 1_763_894_400_000
const JOINED = {
  userId: 'u1', deviceId: 'd1', isLeader: false, resumeToken: 'd1.x', session: { devices: [] }, recordingId: 'r1', joinKey: 'k',
}

/**
 * A session of a page, whose worker is the test's.
 *
 * @param {any} t
 * @param {Partial<JoinOptions>} [options]
 */
async function rig(t, options = {}) {
  const time = fakeTime(t)
  const document = fakePage(t, { Worker: FakeWorker })
  FakeWorker.all = []
  const session = new Session({ sessionId: 'studio', deviceType: 'mobile', resume: false, ...options })
  t.after(() => session.close())
  /** @type {[string, any][]} */ const events = []
  for (const name of ['clock', 'closed', 'failed', 'reconnecting', 'playback', wire.SESSION_JOINED, wire.USER_JOINED]) {
    session.addEventListener(name, event => void events.push([name, /** @type {CustomEvent} */ (event).detail]))
  }
  const entered = session.enter()
  entered.catch(() => {})
  for (let i = 0; i < 5; i++) await settled()
  const [worker] = FakeWorker.all
  const tell = (/** @type {string} */ event, /** @type {any} */ data = {}) => worker.say({ type: 'event', event, data })
  const told = (/** @type {string} */ name) => events.filter(([n]) => n === name).map(([, detail]) => detail)
  return { time, document, session, worker, entered, tell, told }
}

/** What the worker says of its clock: session time is SESSION at its performance.now() 0. */
function clockOf(bound = 0.1) {
  const follower = new Follower()
  follower.take({ device: 0, session: SESSION, rate: 0, bound, growth: 0, hard: 1, epoch: 1, holdover: false })
  return { type: 'clock', course: follower.course, doubted: false, channel: true }
}

/**
 * One that has joined and knows session time.
 *
 * @param {any} t
 * @param {Partial<JoinOptions>} [options]
 */
async function joined(t, options) {
  const it = await rig(t, options)
  it.tell(wire.SESSION_JOINED, JOINED)
  it.worker.say(clockOf())
  await it.entered
  return it
}

test('session: it joins by its worker, and knows who it is', async t => {
  const { session, worker, entered, tell } = await rig(t, { username: 'Ada', key: 'k' })
  const [open] = worker.of('open')
  assert.deepEqual(open.urls, ['wss://beat.example/ws'])
  assert.deepEqual(open.join, { userAgent: 'node', sessionId: 'studio', deviceType: 'mobile', username: 'Ada', key: 'k' })
  assert.equal(session.state, 'connecting')
  tell(wire.SESSION_JOINED, JOINED)
  await entered
  assert.deepEqual([session.state, session.deviceId, session.userId, session.recordingId], ['syncing', 'd1', 'u1', 'r1'])
  assert.deepEqual(session.server, { url: 'https://beat.example/', authorization: 'k', proof: 'd1.x' })
})

test('session: session time is the worker’s, by how its clock is related to the page’s', async t => {
  const { time, session } = await joined(t)
  assert.equal(session.state, 'synced')
  assert.ok(Math.abs(session.now() - (SESSION + time.now + FakeWorker.shift)) < 0.01, String(session.now()))
  assert.ok(Math.abs(session.toDevice(SESSION + 5000) - (5000 - FakeWorker.shift)) < 0.01)
  assert.ok(session.bound >= 0.1 && session.bound < 0.11, `the bound is ${session.bound}`)
  assert.equal(session.path, 'udp')
})

test('session: a doubted clock is none, and a lost connection goes on by what was learnt', async t => {
  const { session, worker, tell, told } = await joined(t)
  worker.say({ ...clockOf(), doubted: true })
  assert.deepEqual([session.state, session.bound], ['syncing', Infinity])
  worker.say(clockOf())
  worker.say({ type: 'reconnecting', inMs: 500, reason: 'gone' })
  assert.equal(session.state, 'reconnecting')
  assert.ok(Number.isFinite(session.now()))
  assert.equal(told('reconnecting')[0].inMs, 500)
  tell(wire.SESSION_JOINED, JOINED)
  assert.equal(session.state, 'synced')
})

test('session: who is refused learns why, and is out', async t => {
  const { session, worker, entered, told } = await rig(t)
  worker.say({ type: 'refused', code: 'bad_key', message: 'no such key', retry: false })
  await assert.rejects(entered, { name: 'DownbeatError', code: 'bad_key', message: 'no such key' })
  assert.equal(session.state, 'closed')
  assert.deepEqual(told('closed'), [{ code: 'bad_key', message: 'no such key' }])
})

test('session: `join` gives up when it is told to, or has waited for long enough', async t => {
  const time = fakeTime(t)
  fakePage(t, { Worker: FakeWorker })
  const giveUp = new AbortController()
  const aborted = assert.rejects(join({ sessionId: 's', resume: false, signal: giveUp.signal }), { name: 'AbortError' })
  const late = assert.rejects(join({ sessionId: 's', resume: false, timeout: 2000 }), { code: 'timeout', retry: true })
  giveUp.abort()
  await aborted
  await time.pass(2100)
  await late
})

test('session: a command is carried out on the instant, and reported', async t => {
  const { time, session, worker, tell } = await joined(t)
  /** @type {any[]} */ const acts = []
  const off = session.onCommand('flash', (command, act) => void acts.push([command.payload, act.lateness]))
  assert.deepEqual(worker.of('handler').at(-1), { type: 'handler', name: 'flash', action: null })
  const timestamp = session.now() + 300
  tell(wire.COMMAND, { commandId: 'c1', name: 'flash', payload: 1, timestamp })
  assert.deepEqual(worker.of('send').at(-1), { type: 'send', event: wire.ARMED, data: { commandId: 'c1' } })
  await time.pass(250)
  assert.equal(acts.length, 0)
  await time.pass(100)
  assert.equal(acts.length, 1)
  assert.ok(acts[0][0] === 1 && acts[0][1] >= 0 && acts[0][1] < 1, JSON.stringify(acts))
  const fired = worker.of('send').find(m => m.event === wire.FIRED)
  assert.ok(Math.abs(fired.data.at - timestamp) < 1)
  off()
  tell(wire.COMMAND, { commandId: 'c2', name: 'flash', payload: 2, timestamp: session.now() + 100 })
  await time.pass(300)
  assert.equal(acts.length, 1, 'the handler was taken away')
})

test('session: a command that is called off isn’t carried out', async t => {
  const { time, session, tell } = await joined(t)
  let acted = 0
  session.onCommand('flash', () => void acted++)
  tell(wire.COMMAND, { commandId: 'c1', name: 'flash', timestamp: session.now() + 300 })
  tell(wire.CANCELLED, { commandId: 'c1' })
  await time.pass(500)
  assert.equal(acted, 0)
})

test('session: timers come on time in the background, by the worker', async t => {
  const { time, session, worker } = await joined(t)
  const { setTimeout: real } = globalThis
  const asked = session.now()
  let at = NaN
  t.mock.method(globalThis, 'setTimeout', (/** @type {any} */ fn, /** @type {number} */ ms) => real(fn, Math.ceil((ms + 1) / 1000) * 1000)) // as browsers do
  session.at(asked + 300, instant => (at = instant.time))
  globalThis.setTimeout = real
  const { id, ms } = worker.of('wake').at(-1)
  await time.pass(ms)
  worker.say({ type: 'woken', id })
  await time.pass(20, 1)
  assert.ok(Math.abs(at - asked - 300) < 1, `${at - asked} ms after it was asked`)
})

test('session: a request’s answer goes to whoever asked; when it is over nobody waits for one', async t => {
  const { session, worker } = await joined(t)
  const scheduled = session.schedule('flash', null, { delay: 500 })
  const [asked] = worker.of('request')
  assert.deepEqual([asked.event, asked.data], [wire.SCHEDULE, { name: 'flash', payload: null, delay: 500 }])
  worker.say({ type: 'reply', id: asked.id, data: { commandId: 'c1', timestamp: 1 } })
  assert.deepEqual(await scheduled, { commandId: 'c1', timestamp: 1 })
  const refused = session.cancel('c1')
  worker.say({ type: 'reply', id: worker.of('request')[1].id, error: { code: 'not_leader', message: 'no', retry: false } })
  await assert.rejects(refused, { code: 'not_leader', retry: false })
  const open = session.cancel('c2')
  session.close()
  await assert.rejects(open, { code: 'closed' })
  await assert.rejects(session.cancel('c3'), { code: 'closed' })
})

test('session: what plays is told when it begins, by a timer of session time', async t => {
  const { time, session, tell, told } = await joined(t)
  const timestamp = session.now() + 400
  const change = { mediaUrl: '/f.mp4', mediaId: 'f', isPlaying: true, position: 5, playbackRate: 1, lastUpdateTime: timestamp }
  tell(wire.PLAYBACK_SYNC, { commandId: 'p1', timestamp, ...change })
  assert.equal(told('playback').at(-1)?.isPlaying ?? false, false)
  await time.pass(500)
  assert.equal(told('playback').at(-1)?.isPlaying, true)
  assert.ok(Math.abs(session.timeline.position(timestamp + 1000) - 6) < 1e-6)
})

test('session: what it leaves behind is nothing', async t => {
  const { time, document, session, worker, tell, told } = await joined(t)
  let acted = 0
  session.at(session.now() + 100, () => void acted++)
  session.close()
  session.close()
  assert.deepEqual([session.state, worker.of('close')], ['closed', [{ type: 'close', leave: true }]])
  const before = [worker.posted.length, told(wire.USER_JOINED).length]
  document.dispatchEvent(new Event('visibilitychange'))
  await time.pass(300)
  assert.deepEqual([worker.posted.length, told(wire.USER_JOINED).length], before)
  assert.deepEqual([acted, worker.ended], [0, true])
  tell(wire.USER_JOINED)
})

test('session: the page tells its worker that it is hidden, back, or on another network', async t => {
  const { document, worker } = await joined(t)
  document.visibilityState = 'hidden'
  document.dispatchEvent(new Event('visibilitychange'))
  assert.deepEqual([worker.of('hidden').at(-1).hidden, worker.of('check').length], [true, 0])
  document.visibilityState = 'visible'
  document.dispatchEvent(new Event('visibilitychange'))
  assert.deepEqual([worker.of('hidden').at(-1).hidden, worker.of('check').length], [false, 1])
  document.dispatchEvent(new Event('resume'))
  assert.deepEqual([worker.of('resync').length, worker.of('renew').length], [1, 1])
})

test('session: without a worker the engine runs on the page', async t => {
  fakeTime(t)
  fakePage(t, { Worker: class { constructor() { throw new Error('no workers here') } } })
  const sockets = Socket.install(t)
  const entering = join({ sessionId: 's', resume: false })
  for (let i = 0; i < 5; i++) await settled()
  const [socket] = sockets
  socket.open()
  socket.answer(wire.JOIN_SESSION, wire.SESSION_JOINED, JOINED)
  const session = await entering
  assert.deepEqual([session.clockThread, session.missing], ['page', ['worker', 'webrtc', 'isolation']])
  session.close()
  assert.equal(socket.sent.at(-1)?.event, wire.LEAVE_SESSION)
})

test('session: a worker that doesn’t start is done without', async t => {
  const time = fakeTime(t)
  fakePage(t, { Worker: class { postMessage() {} terminate() {} } })
  const sockets = Socket.install(t)
  const entering = join({ sessionId: 's', resume: false })
  await time.pass(4900)
  assert.equal(sockets.length, 0)
  await time.pass(200)
  sockets[0].open()
  sockets[0].answer(wire.JOIN_SESSION, wire.SESSION_JOINED, JOINED)
  const session = await entering
  assert.equal(session.clockThread, 'page')
  session.close()
})
