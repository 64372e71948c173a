import assert from 'node:assert/strict'
import test from 'node:test'
import { after } from '../static/lib/at.js'
import { Commands, commandOf } from '../static/lib/commands.js'

globalThis.reportError = error => {
  throw error
}

const SESSION = 1_763_894_400_000

/**
 * Commands on a clock that moves a hundredth of a millisecond with each
 * reading, and timers that only `pass` lets run.
 *
 * @param {any} t
 */
function stage(t) {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let now = 1000
  /** @type {any[]} */
  const sent = []
  const clock = {
    valid: true,
    read: () => (now += 0.01),
    toSession: (/** @type {number} */ d) => SESSION + d,
    toDevice: (/** @type {number} */ s) => s - SESSION,
    after,
  }
  const commands = new Commands(clock, (event, data) => sent.push([event, data]))
  const pass = (/** @type {number} */ ms) => {
    now += ms
    t.mock.timers.tick(ms)
    return new Promise(resolve => setImmediate(resolve))
  }
  return { commands, sent, pass, clock }
}

/** @param {number} timestamp */
const flash = timestamp => ({ commandId: 'c', name: 'flash', payload: { tone: 440 }, timestamp })

test('armed at once, fired on the instant, reported with the time of the act', async t => {
  const { commands, sent, pass } = stage(t)
  /** @type {any[]} */
  const acts = []
  commands.handle('flash', (command, act) => void acts.push([command.payload, act]))
  commands.receive('command', flash(SESSION + 1100))
  assert.deepEqual(sent, [['armed', { commandId: 'c' }]])
  await pass(90)
  assert.equal(acts.length, 0)
  await pass(8)
  assert.equal(acts.length, 1)
  const [payload, { time, lateness, late }] = acts[0]
  assert.deepEqual(payload, { tone: 440 })
  assert.ok(lateness >= 0 && lateness < 0.02, `${lateness}`)
  assert.equal(late, false)
  assert.equal(sent.length, 1)
  await pass(20)
  assert.deepEqual(sent[1], ['fired', { commandId: 'c', at: time }])
})

test('what comes after its instant acts at once and says so', async t => {
  const { commands, sent, pass } = stage(t)
  commands.handle('flash', () => {})
  commands.receive('command', flash(SESSION + 900))
  await pass(1)
  await pass(20)
  const [event, data] = sent[1]
  assert.equal(event, 'fired')
  assert.equal(data.late, true)
  assert.ok(data.at > SESSION + 1000)
})

test('a handler that knows better when it acted', async t => {
  const { commands, sent, pass } = stage(t)
  commands.handle('flash', async () => SESSION + 1234.5)
  commands.receive('command', flash(SESSION + 1000))
  await pass(1)
  await pass(20)
  assert.deepEqual(sent[1], ['fired', { commandId: 'c', at: SESSION + 1234.5, late: true }])
})

test('armed only once prepared', async t => {
  const { commands, sent, pass } = stage(t)
  let ready = () => {}
  const prepare = () => new Promise(resolve => (ready = () => resolve(undefined)))
  commands.handle('flash', () => {}, { prepare })
  commands.receive('command', flash(SESSION + 2000))
  await pass(10)
  assert.deepEqual(sent, [])
  ready()
  await pass(1)
  assert.deepEqual(sent, [['armed', { commandId: 'c' }]])
})

test('called off', async t => {
  const { commands, sent, pass } = stage(t)
  commands.handle('flash', () => assert.fail('acted'))
  commands.receive('command', flash(SESSION + 1100))
  commands.receive('cancelled', { commandId: 'c', reason: 'x' })
  await pass(200)
  assert.equal(sent.length, 1)
})

test('waits for session time to be known', async t => {
  const { commands, sent, pass, clock } = stage(t)
  clock.valid = false
  commands.handle('flash', () => {})
  commands.receive('command', flash(SESSION + 1010))
  await pass(40)
  assert.equal(sent.length, 1)
  clock.valid = true
  await pass(20)
  await pass(20)
  assert.equal(sent[1][0], 'fired')
})

test('a command without a handler is left to others', t => {
  const { commands, sent } = stage(t)
  commands.receive('command', flash(SESSION + 1100))
  commands.receive('heartbeat_ack', { timestamp: SESSION })
  commands.receive('command', null)
  assert.deepEqual(sent, [])
})

test('recordings and playback are commands by their event’s name', () => {
  const data = { commandId: 'c', timestamp: SESSION, postureLabel: 'squat' }
  assert.deepEqual(commandOf('start_recording', data), { commandId: 'c', timestamp: SESSION, name: 'start_recording', payload: data, maxLate: Infinity })
  assert.equal(commandOf('session_joined', data), null)
  assert.equal(commandOf('command', { commandId: 7, timestamp: SESSION }), null)
  assert.equal(commandOf('command', { commandId: 'c' }), null)
})

test('a command that came before its handler is the handler’s, as long as it lies ahead', async t => {
  const { commands, sent, pass } = stage(t)
  /** @type {string[]} */
  const acts = []
  const given = (/** @type {string} */ commandId, /** @type {number} */ ms) => commands.receive('command', { ...flash(SESSION + 1000 + ms), commandId })
  given('past', 20)
  given('called off', 200)
  given('ahead', 200)
  commands.receive('cancelled', { commandId: 'called off' })
  await pass(30)
  assert.deepEqual(sent, [])
  commands.handle('flash', ({ commandId }) => void acts.push(commandId))
  assert.deepEqual(sent, [['armed', { commandId: 'ahead' }]])
  await pass(200)
  assert.deepEqual(acts, ['ahead'])
  commands.handle('flash', null) // handled in another thread from now on
  given('elsewhere', 500)
  commands.handle('flash', ({ commandId }) => void acts.push(commandId))
  await pass(600)
  assert.deepEqual(acts, ['ahead'])
})
