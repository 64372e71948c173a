import assert from 'node:assert/strict'
import test from 'node:test'
import { DownbeatError } from '../static/lib/signaling.js'
import { FakeSession, START, rig, takeOf } from './recording-rig.js'

const soon = () => new Promise(resolve => setImmediate(resolve))

/** A page that joined in the middle of a take. */
function inTake(more = {}) {
  const session = new FakeSession()
  Object.assign(session, { session: { take: takeOf(more) }, recordingId: 'r1' })
  session.answer = () => ({ recordingId: 'r2', part: 2 })
  return rig(session)
}

test('a page that comes back in a take goes on in another file of it, until its stop', async t => {
  const { session, controller, of } = inTake()
  t.after(() => controller.close())
  controller.open()
  await soon()
  await soon()
  assert.deepEqual(session.asked, [['recording_part', { recordingId: 'r1' }]])
  const [{ id, from, to, notes }] = of('arm')
  assert.deepEqual([id, from, to, notes.label, notes.sessionId, notes.proof], ['r2', 0, Infinity, 'plank', 'studio', 'd1.SECRET'])
  controller.receive({ type: 'armed', id })
  await soon()
  assert.equal(controller.state, 'recording')
  controller.receive({ type: 'started', id, at: 40, error: 0.1 })
  await soon()
  assert.deepEqual(session.sent.find(([event]) => event === 'recording_started')?.[1].recordingId, 'r2')
  assert.deepEqual(session.sent.at(-1), ['fired', { commandId: 'c1', at: START + 40, late: true }])
  const stop = { commandId: 's1', timestamp: START + 9000 }
  session.tell('stop_recording', stop)
  session.handlers.get('stop_recording')?.prepare(stop)
  assert.equal(of('bounds').at(-1).to, 9000)
  void session.handlers.get('stop_recording')?.fn(stop, { late: false, device: 9000 })
  assert.equal(controller.state, 'finishing')
  controller.receive({ type: 'stopped', id, at: 8990, error: 0.1, empty: false })
  assert.equal(controller.state, 'ready')
})

test('a stop that is known already ends it', async t => {
  const { session, controller, of } = inTake({ stopTimestamp: START + 800, stopCommandId: 's1' })
  t.after(() => controller.close())
  controller.open()
  await soon()
  await soon()
  assert.equal(of('arm')[0].to, 800)
  controller.receive({ type: 'armed', id: 'r2' })
  await soon()
  void session.handlers.get('stop_recording')?.fn({ commandId: 's1' }, { late: false, device: 800 })
  assert.equal(controller.state, 'finishing')
})

test('nothing begins after the stop, without a recording, without a camera', async t => {
  const over = inTake({ stopTimestamp: START - 1, stopCommandId: 's1' })
  const blind = inTake()
  blind.able.yes = false
  const other = inTake()
  other.session.recordingId = ''
  const without = rig(other.session)
  for (const { controller, session, of } of [over, blind, without]) {
    t.after(() => controller.close())
    controller.open()
    await soon()
    await soon()
    assert.deepEqual([session.asked, of('arm')], [[], []])
  }
  other.controller.close()
})

test('a start that comes while the camera opens is recorded from now on', async t => {
  const { session, controller, of } = rig()
  t.after(() => controller.close())
  session.answer = () => ({ recordingId: 'r1', part: 1 })
  session.tell('start_recording', { commandId: 'c1', recordingId: 'r1', postureLabel: 'run', timestamp: START + 500 })
  await session.pass(3000)
  controller.open()
  await soon()
  await soon()
  assert.deepEqual(of('arm').map(m => m.id), ['r1'])
})

test('a page that has its part of the take doesn’t begin another one when it joins again', async t => {
  const { session, controller, of } = rig()
  t.after(() => controller.close())
  controller.open()
  const start = { commandId: 'c1', timestamp: START + 500, payload: { recordingId: 'r1' } }
  session.tell('start_recording', { commandId: 'c1', recordingId: 'r1', timestamp: START + 500 })
  void session.handlers.get('start_recording')?.prepare(start)
  void session.handlers.get('start_recording')?.fn(start, { late: false, device: 500 })
  session.tell('session_joined', { session: { take: takeOf({ timestamp: START + 500 }) }, recordingId: 'r1' })
  await session.pass(2000)
  assert.equal(of('arm').length, 1)
  controller.receive({ type: 'started', id: 'r1', at: 510, error: 0.1 })
  controller.receive({ type: 'stopped', id: 'r1', at: 900, error: 0.1, empty: false }) // the storage is full
  session.tell('session_joined', { session: { take: takeOf({ timestamp: START + 500 }) }, recordingId: 'r1' })
  await session.pass(2000)
  assert.equal(of('arm').length, 1, 'what ended doesn’t begin anew by itself')
})

test('a page that was held up over a whole take keeps what its worker recorded', async t => {
  const { session, controller, of } = rig()
  t.after(() => controller.close())
  controller.open()
  const start = { commandId: 'c1', timestamp: START + 500, payload: { recordingId: 'r1' } }
  const stop = { commandId: 's1', timestamp: START + 900 }
  session.tell('start_recording', { commandId: 'c1', recordingId: 'r1', timestamp: START + 500 })
  void session.handlers.get('start_recording')?.prepare(start)
  session.handlers.get('stop_recording')?.prepare(stop)
  session.tell('missed', { commandId: 'c1', lateMs: 1000, reason: 'overtaken' })
  assert.deepEqual([of('cancel'), of('discard')], [[], []])
  controller.receive({ type: 'started', id: 'r1', at: 510, error: 0.1 })
  void session.handlers.get('stop_recording')?.fn(stop, { late: false, device: 1500 })
  controller.receive({ type: 'stopped', id: 'r1', at: 890, error: 0.1, empty: false })
  const told = session.sent.map(([event]) => event)
  assert.ok(told.includes('recording_started') && told.includes('recording_stopped') && !told.includes('recording_failed'), `${told}`)
  assert.equal(controller.state, 'ready')
})

test('a recording that was begun before is gone on with, at the instant too', async t => {
  const { session, controller, of, troubles } = rig()
  t.after(() => controller.close())
  session.answer = () => ({ recordingId: 'r2', part: 2 })
  controller.open()
  const start = { commandId: 'c1', timestamp: START + 500, payload: { recordingId: 'r1' } }
  void session.handlers.get('start_recording')?.prepare(start)
  controller.receive({ type: 'refused', id: 'r1', code: 'begun_before' })
  await soon()
  assert.deepEqual(of('arm').map(m => [m.id, m.from]), [['r1', 500], ['r2', 500]])
  void session.handlers.get('start_recording')?.fn(start, { late: false, device: 500 })
  assert.equal(controller.state, 'recording')
  assert.deepEqual(troubles, [])
})

test('the question for another file outlives a lost connection, and a refusal ends it', async t => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { session, controller, of, troubles } = inTake()
  t.after(() => controller.close())
  let answers = [new DownbeatError('disconnected', '', true), new DownbeatError('unknown_event', '')]
  session.answer = () => {
    throw answers.shift() ?? new DownbeatError('unknown_event', '')
  }
  controller.open()
  await soon()
  t.mock.timers.tick(1000)
  await soon()
  await soon()
  assert.equal(session.asked.length, 2)
  assert.deepEqual(of('arm').map(m => m.id), ['r1'])
  controller.receive({ type: 'refused', id: 'r1', code: 'begun_before' })
  await soon()
  assert.deepEqual([troubles, controller.state], [['not_continued'], 'ready'])
  assert.ok(!session.sent.some(([event]) => event === 'recording_failed'))
})

test('a take that the session doesn’t know any more ends', async t => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { session, controller, of } = inTake()
  t.after(() => controller.close())
  controller.open()
  await soon()
  await soon()
  controller.receive({ type: 'armed', id: 'r2' })
  await soon()
  session.tell('session_joined', { session: { take: null } })
  t.mock.timers.tick(3000)
  assert.equal(controller.state, 'finishing')
  assert.ok(Number.isFinite(of('bounds').at(-1).to))
})

test('a device that is removed stops recording', async t => {
  const { session, controller } = inTake()
  t.after(() => controller.close())
  controller.open()
  await soon()
  await soon()
  controller.receive({ type: 'armed', id: 'r2' })
  await soon()
  session.tell('closed', { code: 'closed_4007', message: '' })
  assert.equal(controller.state, 'finishing')
})

test('a recording that began late and is short says so, with the warnings of its time', async t => {
  const { session, controller, warned } = rig()
  t.after(() => controller.close())
  controller.open()
  const start = { commandId: 'c1', timestamp: START + 500, payload: { recordingId: 'r1' } }
  const stop = { commandId: 's1', timestamp: START + 10500 }
  void session.handlers.get('start_recording')?.prepare(start)
  void session.handlers.get('start_recording')?.fn(start, { late: false, device: 500 })
  controller.receive({ type: 'started', id: 'r1', at: 3500, error: 0.1 })
  assert.equal(warned.get('late_start'), 3000)
  controller.noted('low_frame_rate', 7)
  session.handlers.get('stop_recording')?.prepare(stop)
  void session.handlers.get('stop_recording')?.fn(stop, { late: false, device: 10500 })
  controller.receive({ type: 'stopped', id: 'r1', at: 10400, error: 0.1, empty: false, report: { frames: 49, droppedFrames: 160 } })
  assert.equal(warned.get('late_start'), false)
  assert.deepEqual(session.sent.find(([event]) => event === 'recording_report')?.[1], {
    recordingId: 'r1',
    report: {
      lateMs: 3000, durationMs: 6900, frames: 49, droppedFrames: 160,
      warnings: [{ code: 'low_frame_rate', value: 7 }, { code: 'late_start', value: 3000 }, { code: 'short_take', value: 3.1 }],
    },
  })
})

test('a recording that is as it should be warns of nothing; one that ended before its stop does', async t => {
  for (const [last, stopped, want] of /** @type {[number, boolean, object[]][]} */ ([
    [10480, true, []], [4000, false, [{ code: 'short_take' }]],
  ])) {
    const { session, controller } = rig()
    t.after(() => controller.close())
    controller.open()
    const start = { commandId: 'c1', timestamp: START + 500, payload: { recordingId: 'r1' } }
    void session.handlers.get('start_recording')?.prepare(start)
    void session.handlers.get('start_recording')?.fn(start, { late: false, device: 500 })
    controller.receive({ type: 'started', id: 'r1', at: 520, error: 0.1 })
    if (stopped) session.handlers.get('stop_recording')?.prepare({ commandId: 's1', timestamp: START + 10500 })
    controller.receive({ type: 'stopped', id: 'r1', at: last, error: 0.1, empty: false })
    assert.deepEqual(session.sent.find(([event]) => event === 'recording_report')?.[1].report.warnings, want)
  }
})

test('a recording whose first frame was never noted lies between its take and now', async t => {
  const { session, controller, of } = inTake()
  t.after(() => controller.close())
  controller.open()
  await soon()
  await soon()
  const [{ notes }] = of('arm')
  assert.equal(notes.from, START)
  const left = { notes: { ...notes, recordingId: 'r1' }, bytes: 50_000, interrupted: true }
  session.t = NaN
  controller.recovered(left)
  assert.deepEqual(session.sent, [], 'session time is unknown')
  session.t = START + 3000
  session.tell('clock', {})
  session.tell('clock', {})
  const told = { recordingId: 'r1', timestamp: START + 1500, bound: 1500.2 }
  assert.deepEqual(session.sent, [['recording_started', told], ['recording_stopped', told]])
  session.t = START + 3_600_000
  controller.recovered(left)
  assert.deepEqual(session.sent.at(-1)?.[1], { recordingId: 'r1', timestamp: START + 60_000, bound: 60_000 })
})
