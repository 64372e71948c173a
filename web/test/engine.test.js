import assert from 'node:assert/strict'
import test from 'node:test'
import { Engine } from '../static/lib/engine.js'
import { STOPPED } from '../static/lib/frames.js'
import * as wire from '../static/lib/wire.js'
import { Socket, fakeTime, settled } from './fakes.js'
import { ping } from './ping.js'

const SESSION = 1_763_894_400_000
/** A module of actions, which tells what it was asked. */
const ACTIONS = 'data:text/javascript,export function flash(payload, act) { globalThis.flashed.push([payload, act]) }'

/**
 * An engine with the page and the server in the test's hands.
 *
 * @param {any} t
 * @param {object} [open]
 */
function rig(t, open = {}) {
  const time = fakeTime(t)
  const sockets = Socket.install(t)
  /** @type {any[]} */ const posted = []
  const engine = new Engine(m => posted.push(m))
  t.after(() => engine.receive({ type: 'close', leave: false }))
  engine.receive({ type: 'open', urls: ['ws://x/ws'], join: { sessionId: 's' }, hidden: false, ...open })
  const of = (/** @type {string} */ type) => posted.filter(m => m.type === type)
  const events = (/** @type {string} */ event) => of('event').filter(m => m.event === event)
  return { time, sockets, posted, of, events, engine, socket: sockets[0] }
}

/**
 * One that is in the session.
 *
 * @param {any} t
 * @param {object} [open]
 */
async function joined(t, open) {
  const it = rig(t, open)
  it.engine.receive({ type: 'offer', sdp: 'v=0' })
  it.socket.open()
  it.socket.answer(wire.JOIN_SESSION, wire.SESSION_JOINED, { deviceId: 'd1', resumeToken: 'd1.x', answer: 'v=1' })
  await settled()
  /** A ping with a map by which session time is SESSION at device time 0. */
  const pinged = (nonce = 1n) => ping({
    flags: 1, epoch: 1, nonce, device: 0n, session: BigInt(SESSION) * 1_000_000n, rate: 0, bound: 100_000n, growth: 0, hard: 1_000_000n,
  })
  return { ...it, pinged }
}

test('engine: it joins with the page’s offer, and hands on the answer and what the server says', async t => {
  const { of, events, socket } = await joined(t)
  assert.equal(of('offer-wanted').length, 1)
  assert.deepEqual(socket.sent[0].data, { sessionId: 's', offer: 'v=0' })
  assert.deepEqual(of('answer'), [{ type: 'answer', sdp: 'v=1' }])
  assert.equal(events(wire.SESSION_JOINED)[0].data.deviceId, 'd1')
  socket.tell(wire.USER_JOINED, { username: 'Ada' })
  assert.equal(events(wire.USER_JOINED)[0].data.username, 'Ada')
})

test('engine: a page without WebRTC is waited for as long as an offer may take', async t => {
  const { time, socket } = rig(t)
  socket.open()
  await time.pass(1000)
  assert.equal(socket.count(wire.JOIN_SESSION), 0)
  await time.pass(600)
  assert.deepEqual(socket.sent[0].data, { sessionId: 's' })
})

test('engine: a ping is answered over the path that it came by, and tells the clock', async t => {
  const { of, socket, pinged } = await joined(t)
  socket.onmessage({ data: pinged(42n) })
  const pong = new DataView(socket.frames[0])
  assert.deepEqual([pong.getUint8(0), pong.getBigUint64(4)], [2, 42n])
  assert.ok(pong.getBigInt64(12) < pong.getBigInt64(20), 'T2 before T3')
  const [clock] = of('clock')
  assert.deepEqual([clock.course.map.session, clock.doubted, clock.channel], [SESSION, false, false])
  socket.onmessage({ data: new ArrayBuffer(3) })
  assert.deepEqual([socket.frames.length, of('clock').length], [1, 1], 'what is no ping is left alone')
})

test('engine: the data channel is the path as long as pings come by it', async t => {
  const { time, of, engine, pinged } = await joined(t)
  const channel = () => /** @type {any} */ ({ readyState: 'open', sent: [], send(/** @type {any} */ m) { this.sent.push(m) }, close() {} })
  const [clock, control] = [channel(), channel()]
  engine.receive({ type: 'channels', clock, control })
  clock.onmessage({ data: pinged() })
  assert.deepEqual([clock.sent.length, of('clock').at(-1).channel], [1, true])
  await time.pass(20_100)
  engine.receive({ type: 'resync' })
  assert.equal(of('clock').at(-1).channel, false)
})

test('engine: a command that comes by two paths is told once', async t => {
  const { events, engine, socket } = await joined(t)
  const data = { commandId: 'c1', name: 'flash', timestamp: SESSION + 9000 }
  socket.tell(wire.COMMAND, data)
  engine.receive({ type: 'control', text: JSON.stringify({ event: wire.COMMAND, data }) })
  engine.receive({ type: 'control', text: 'no JSON' })
  engine.receive({ type: 'control', text: JSON.stringify({ event: wire.COMMAND, data: { ...data, commandId: 'c2' } }) })
  assert.deepEqual(events(wire.COMMAND).map(m => m.data.commandId), ['c1', 'c2'])
})

test('engine: an action of the worker acts on the instant, and the server hears when', async t => {
  const flashed = /** @type {any} */ (globalThis).flashed = /** @type {any[]} */ ([])
  const { time, engine, socket, pinged } = await joined(t, { actions: ACTIONS })
  socket.onmessage({ data: pinged() })
  engine.receive({ type: 'handler', name: 'flash', action: 'flash' })
  await import(ACTIONS) // by then the engine has it as well
  const timestamp = SESSION + time.now + 500
  socket.tell(wire.COMMAND, { commandId: 'c1', name: 'flash', payload: { tone: 880 }, timestamp })
  assert.deepEqual(socket.sent.at(-1).event, wire.ARMED)
  await time.pass(400)
  assert.equal(flashed.length, 0)
  await time.pass(200)
  const [[payload, act]] = flashed
  assert.deepEqual([payload, act.command.commandId], [{ tone: 880 }, 'c1'])
  assert.ok(act.lateness >= 0 && act.lateness < 1, `${act.lateness} ms late`)
  const { data } = socket.sent.find(m => m.event === wire.FIRED)
  assert.ok(data.commandId === 'c1' && Math.abs(data.at - timestamp) < 1, JSON.stringify(data))
})

test('engine: what is to be done at a time is done then, unless it is called off, or is nothing', async t => {
  const flashed = /** @type {any} */ (globalThis).flashed = /** @type {any[]} */ ([])
  const { time, of, engine, socket, pinged } = await joined(t, { actions: ACTIONS })
  socket.onmessage({ data: pinged() })
  await import(ACTIONS)
  const soon = SESSION + time.now + 300
  engine.receive({ type: 'at', id: 1, t: soon, action: 'flash', payload: 'a' })
  engine.receive({ type: 'at', id: 2, t: soon, action: 'flash', payload: 'b' })
  engine.receive({ type: 'at', id: 3, t: soon, action: 'nothing', payload: 'c' })
  await time.pass(100)
  engine.receive({ type: 'cancelAt', id: 2 })
  await time.pass(300)
  assert.deepEqual(flashed.map(([payload]) => payload), ['a'])
  const acted = of('acted')
  assert.ok(Math.abs(acted.find(m => m.id === 1).lateness) < 1)
  assert.deepEqual([acted.some(m => m.id === 2), acted.find(m => m.id === 3).error], [false, 'no action nothing'])
})

test('engine: actions that can’t be loaded are told, and nobody waits for them', async t => {
  const { of } = await joined(t, { actions: 'data:text/javascript,export default oops oops' })
  while (!of('failed').length) await settled()
  assert.match(of('failed')[0].message, /^the actions module: /)
})

test('engine: a request’s answer goes to whoever asked, and is no event', async t => {
  const { of, events, engine, socket } = await joined(t)
  engine.receive({ type: 'request', id: 7, event: wire.SCHEDULE, data: { name: 'flash' } })
  socket.answer(wire.SCHEDULE, wire.SCHEDULED, { commandId: 'c1' })
  await settled()
  engine.receive({ type: 'request', id: 8, event: wire.CANCEL, data: { commandId: 'c1' } })
  socket.answer(wire.CANCEL, wire.ERROR, { code: 'not_leader', message: 'only the leader may', retry: false })
  await settled()
  assert.deepEqual(of('reply'), [
    { type: 'reply', id: 7, data: { commandId: 'c1' } },
    { type: 'reply', id: 8, error: { code: 'not_leader', message: 'only the leader may', retry: false } },
  ])
  assert.equal(events(wire.ERROR).length, 0)
})

test('engine: after the machine slept nothing is vouched for, and the server hears of it once', async t => {
  const { time, of, socket, pinged } = await joined(t)
  socket.onmessage({ data: pinged() })
  await time.pass(2000)
  assert.equal(socket.count(wire.RESYNC), 0)
  time.sleep(60_000)
  await time.pass(1100)
  assert.equal(socket.count(wire.RESYNC), 1)
  assert.equal(of('clock').at(-1).doubted, true)
  socket.onmessage({ data: pinged() })
  socket.onmessage({ data: pinged() })
  const flags = socket.frames.slice(-2).map(frame => new DataView(frame).getUint8(1))
  assert.deepEqual(flags, [STOPPED, 0])
})

test('engine: on another network the connection is doubted, and WebRTC begins anew', async t => {
  const { time, of, engine, socket } = await joined(t)
  engine.receive({ type: 'moved' })
  assert.deepEqual([socket.count(wire.RESYNC), socket.count(wire.HEARTBEAT), of('offer-wanted').length], [1, 1, 2])
  await time.pass(1000)
  assert.equal(of('reconnecting').length, 0)
  await time.pass(4000)
  assert.equal(of('reconnecting')[0]?.reason, 'the server fell silent')
})

test('engine: a server that falls silent is noticed within ten seconds, one that answers is kept', async t => {
  const { time, of, socket } = await joined(t)
  let answered = 0
  for (let second = 0; second < 60; second++) {
    await time.pass(1000)
    for (; answered < socket.count(wire.HEARTBEAT); answered++) socket.tell(wire.HEARTBEAT_ACK, { timestamp: 1 })
  }
  assert.ok(answered >= 8 && answered <= 24, `asked ${answered} times in a minute`)
  assert.equal(of('reconnecting').length, 0)
  await time.pass(9000)
  assert.equal(of('reconnecting')[0]?.reason, 'the server fell silent')
})

test('engine: a refusal is told, and nothing is tried again', async t => {
  const { time, of, engine, socket, sockets } = rig(t)
  engine.receive({ type: 'offer', sdp: '' })
  socket.open()
  socket.answer(wire.JOIN_SESSION, wire.ERROR, { code: 'bad_key', message: 'no such key', retry: false })
  await settled()
  assert.deepEqual(of('refused'), [{ type: 'refused', code: 'bad_key', message: 'no such key', retry: false }])
  await time.pass(60_000)
  assert.equal(sockets.length, 1)
})

test('engine: one that leaves says so and does nothing more', async t => {
  const { time, posted, engine, socket, sockets, pinged } = await joined(t)
  socket.onmessage({ data: pinged() })
  engine.receive({ type: 'at', id: 1, t: SESSION + time.now + 500, action: 'nothing', payload: null })
  engine.receive({ type: 'close', leave: true })
  assert.equal(socket.sent.at(-1).event, wire.LEAVE_SESSION)
  const before = posted.length
  await time.pass(120_000)
  assert.deepEqual([posted.length, sockets.length, socket.readyState], [before, 1, 3])
})
