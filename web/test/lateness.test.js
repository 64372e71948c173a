import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { after } from '../static/lib/at.js'
import { Commands } from '../static/lib/commands.js'

globalThis.reportError = error => {
  throw error
}

/** The cases that Go devices are held to as well; the file explains itself. */
const { cases } = JSON.parse(readFileSync(new URL('../../device/testdata/lateness.json', import.meta.url), 'utf8'))

const SESSION = 1_763_894_400_000
/** How exact the cases are, ms. */
const NEAR = 120
/** When a case begins and ends, ms. */
const BEGIN = -5000
const END = 40_000

/**
 * A device's clock, whose timers run every ten milliseconds while it isn't frozen.
 *
 * @param {any} t
 */
function deviceOf(t) {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let now = BEGIN
  let spun = 0
  const clock = {
    valid: false,
    read: () => now + (spun += 1e-5),
    toSession: (/** @type {number} */ d) => SESSION + d,
    toDevice: (/** @type {number} */ s) => s - SESSION,
    after,
  }
  return {
    clock,
    get now() { return now },
    /** @param {number} until */
    async run(until) {
      while (now < until) {
        const ms = Math.min(10, until - now)
        now += ms
        t.mock.timers.tick(ms)
        await new Promise(resolve => setImmediate(resolve))
      }
    },
    /** @param {number} until */
    freeze(until) {
      const ms = until - now
      now = until
      t.mock.timers.tick(ms)
    },
  }
}

for (const c of cases) {
  test(`lateness: ${c.name}`, async t => {
    const device = deviceOf(t)
    /** @type {any[]} */
    const sent = []
    /** @type {any[]} */
    const acts = []
    const commands = new Commands(device.clock, (event, data) => sent.push([event, data]))
    for (const name of ['flash', 'start_recording', 'stop_recording', 'playback_sync']) {
      commands.handle(name, ({ commandId }, { lateness, late }) => void (commandId === 'c' && acts.push({ lateness, late })))
    }
    /**
     * @param {string} event
     * @param {string} commandId
     * @param {number} at
     */
    const message = (event, commandId, at, more = {}) => () =>
      commands.receive(event, { commandId, name: 'flash', timestamp: SESSION + at, ...more })
    const learn = () => void (device.clock.valid = true)
    /** @type {{at: number, do: () => void}[]} */
    const steps = [{ at: c.clock ?? BEGIN, do: learn }, { at: c.arrives, do: message(c.event, 'c', 0, c.data) }]
    for (const [i, o] of (c.others ?? []).entries()) {
      steps.push({ at: o.arrives, do: message(o.event, `other${i}`, o.at) })
      if (o.called !== undefined) steps.push({ at: o.called, do: message('cancelled', `other${i}`, 0) })
    }
    if (c.frozen) steps.push({ at: c.frozen[0], do: () => device.freeze(c.frozen[1]) })
    for (const step of steps.sort((a, b) => a.at - b.at)) {
      await device.run(step.at)
      step.do()
    }
    await device.run(END)

    const said = sent.filter(([event, data]) => data.commandId === 'c' && event !== 'armed')
    assert.equal(said.length, 1, JSON.stringify(said))
    const [event, data] = said[0]
    if (c.want.missed === undefined) {
      assert.equal(event, 'fired')
      assert.equal(data.late === true, c.want.late)
      assert.ok(Math.abs(data.at - SESSION - c.want.acts) <= NEAR, `at ${data.at - SESSION}`)
      assert.equal(acts.length, 1)
      assert.equal(acts[0].late, c.want.late)
      assert.ok(Math.abs(acts[0].lateness - c.want.acts) <= NEAR)
      return
    }
    assert.equal(event, 'missed')
    assert.equal(acts.length, 0)
    assert.equal(data.reason, c.want.reason)
    assert.ok(Math.abs(data.lateMs - c.want.missed) <= NEAR, `${data.lateMs}`)
    const armed = sent.some(([event, data]) => event === 'armed' && data.commandId === 'c')
    assert.equal(armed, c.want.reason !== 'arrived_late', 'what can’t be carried out isn’t prepared')
  })
}
