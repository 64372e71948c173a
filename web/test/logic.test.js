import assert from 'node:assert/strict'
import test from 'node:test'
import { AudioFit } from '../static/lib/audio.js'
import { Dedupe } from '../static/lib/dedupe.js'
import { relate } from '../static/lib/relation.js'
import { Responder, resolutionOf } from '../static/lib/responder.js'
import { backoff, parseMessage } from '../static/lib/signaling.js'
import { SleepWatch } from '../static/lib/sleepwatch.js'
import { niceReach, reachOf } from '../static/app/console/errorplot.js'
import { timeLine } from '../static/app/console/timesource.js'
import { ping } from './ping.js'

test('a command counts once, whatever its path', () => {
  const dedupe = new Dedupe()
  assert.equal(dedupe.fresh('command', { commandId: 'a' }), true)
  assert.equal(dedupe.fresh('command', { commandId: 'a' }), false)
  assert.equal(dedupe.fresh('command', { commandId: 'b' }), true)
  assert.equal(dedupe.fresh('cancelled', { commandId: 'a' }), true)
  assert.equal(dedupe.fresh('cancelled', { commandId: 'a' }), false)
})

test('what is no command may be repeated', () => {
  const dedupe = new Dedupe()
  for (const data of [{ commandId: 'a' }, {}, null, undefined]) {
    assert.equal(dedupe.fresh('command_report', data), true)
    assert.equal(dedupe.fresh('command_report', data), true)
  }
  assert.equal(dedupe.fresh('command', {}), true)
  assert.equal(dedupe.fresh('command', {}), true)
})

test('only the last commands are remembered', () => {
  const dedupe = new Dedupe(2)
  for (const commandId of ['a', 'b', 'c']) dedupe.fresh('command', { commandId })
  assert.equal(dedupe.fresh('command', { commandId: 'b' }), false)
  assert.equal(dedupe.fresh('command', { commandId: 'a' }), true)
})

test('time origins are believed inside of what messages allow', () => {
  const probes = [{ sent: 100, answered: 51, received: 102 }, { sent: 110, answered: 60.5, received: 110.9 }]
  assert.deepEqual(relate(probes, -50, 0.005), { shift: -50, error: 0.01 })
})

test('and not outside of it', () => {
  const probes = [{ sent: 100, answered: 51, received: 102 }, { sent: 110, answered: 60.5, received: 110.9 }]
  const { shift, error } = relate(probes, 300, 0)
  assert.ok(Math.abs(shift + 49.95) < 1e-9)
  assert.ok(Math.abs(error - 0.45) < 1e-9)
})

test('back-off doubles up to eight seconds, half of it random', () => {
  assert.equal(backoff(0, 0), 125)
  assert.equal(backoff(0, 1), 250)
  assert.equal(backoff(3, 1), 2000)
  assert.equal(backoff(5, 1), 8000)
  assert.equal(backoff(50, 1), 8000)
})

test('messages that are none', () => {
  for (const text of ['', 'nonsense', 'null', '7', '{}', '{"event":7}']) assert.equal(parseMessage(text), null, text)
  assert.equal(parseMessage('{"event":"goodbye"}')?.event, 'goodbye')
})

test('sleep: the wall clock goes on, the steady one stands', () => {
  const watch = new SleepWatch(1000, 0)
  assert.equal(watch.stood(2000, 1000), false)
  assert.equal(watch.stood(3400, 2000), false, 'a small step of the wall clock')
  assert.equal(watch.stood(64_400, 3000), true)
  assert.equal(watch.stood(65_400, 4000), false)
  assert.equal(watch.stood(5_400, 5000), false, 'a wall clock that is set back')
})

test('a busy timer is no sleep', () => {
  assert.equal(new SleepWatch(0, 0).stood(90_000, 90_000), false)
})

const unknown = { flags: 0, epoch: 0, nonce: 5n, device: 0n, session: 0n, rate: 0, bound: 0n, growth: 0, hard: 0n }

test('a pong carries the flags, once where they tell of an event', () => {
  const responder = new Responder(0.1)
  responder.stopped = responder.hidden = true
  /** @type {number[]} */
  const flags = []
  const send = (/** @type {ArrayBuffer} */ pong) => flags.push(new DataView(pong).getUint8(1))
  assert.equal(responder.answer(ping(unknown), 1, send), null)
  assert.equal(responder.answer(ping(unknown), 1, send), null)
  assert.deepEqual(flags, [3, 1])
})

test('a pong counts in the shifted time', () => {
  const responder = new Responder(0.1)
  responder.shift = 1e6
  responder.answer(ping(unknown), 5, pong => assert.equal(new DataView(pong).getBigInt64(12), 1_000_005_000_000n))
})

test('what is no ping is not answered', () => {
  const responder = new Responder(0.1)
  const never = () => assert.fail('answered')
  assert.equal(responder.answer('text', 0, never), undefined)
  assert.equal(responder.answer(new ArrayBuffer(3), 0, never), undefined)
})

test('the resolution is the least step of a clock', () => {
  let calls = 0
  assert.ok(Math.abs(resolutionOf(() => Math.floor(calls++ / 3) * 0.1) - 0.1) < 1e-9)
})

test('the audio clock’s line, with jitter and skew', () => {
  const fit = new AudioFit()
  for (let i = 0; i <= 60; i++) {
    const perf = 5000 + i * 100
    const jitter = i ? Math.sin(i * 12.9898) * 0.2 : 40
    fit.add(perf, ((perf - 4000) * (1 + 80e-6) + jitter) / 1000)
  }
  assert.ok(fit.ready)
  assert.ok(Math.abs(fit.at(12_000) - (8 * (1 + 80e-6))) < 200e-6)
})

test('over a short span no skew is made of noise', () => {
  const fit = new AudioFit()
  fit.add(0, 99)
  for (const [perf, audio] of [[100, 0.1002], [200, 0.1998], [300, 0.3002]]) fit.add(perf, audio)
  assert.ok(Math.abs(fit.at(5000) - 5.0000667) < 1e-6)
})

test('the axis reaches a round number', () => {
  assert.deepEqual([0, 0.012, 0.4, 1, 3, 47].map(ms => Number(niceReach(ms).toPrecision(3))), [0.01, 0.02, 0.5, 2, 5, 100])
})

test('one device that is far off doesn’t make the others one dot', () => {
  const rows = (/** @type {number[]} */ ...errors) => errors.map(error => ({ name: '', error, bound: 0.1, late: false }))
  assert.deepEqual([rows(1, -2, 3), rows(1, 2, 4000), rows(1, 4000), rows(0, 0, 0, 0.4), rows(-1, 2, 3000, 4000, -1)].map(r => Number(reachOf(r).toPrecision(3))),
    [5, 5, 5000, 1, 5])
})

test('what session time follows is said in one line', () => {
  const servers = { servers: 5, used: 3, reachable: 4 }
  assert.equal(timeLine({ ...servers, state: 'ntp', rootDistanceMs: 4.5 }), 'Session time follows UTC by 3 of 5 NTP servers, within 4.50 ms.')
  assert.equal(timeLine({ ...servers, state: 'holdover', rootDistanceMs: 12, why: 'no answer' }),
    'Session time goes on by this server’s own clock: no answer. It was UTC within 12.0 ms, and that grows.')
  assert.match(timeLine({ ...servers, state: 'local', rootDistanceMs: null }), /^Session time follows the clock of the server’s machine: /)
  const several = (/** @type {any} */ reference) => timeLine({ ...servers, state: 'ntp', rootDistanceMs: 4.5, reference: { instance: '0123456789', boundMs: 0.02, ...reference } })
  assert.match(several({ self: true, followers: 2 }), / 2 other servers follow it\.$/)
  assert.match(several({ self: false }), / This server has it from server 01234567, within 20 µs\.$/)
  assert.match(several({ self: false, why: 'the reference doesn’t answer' }), /within 20 µs, and that grows: the reference doesn’t answer\.$/)
})
