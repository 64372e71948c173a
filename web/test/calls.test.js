import assert from 'node:assert/strict'
import test from 'node:test'
import { Calls } from '../static/lib/calls.js'

/** Calls whose messages to the engine are kept. */
function stage() {
  /** @type {any[]} */
  const posted = []
  const calls = /** @type {any} */ (new Calls(m => posted.push(m)))
  return { calls, posted }
}

test('each call is its event with the protocol’s words', () => {
  const { calls, posted } = stage()
  calls.schedule('flash', { tone: 1 }, { delay: 5 })
  calls.loadMedia({ mediaUrl: '/a.mp4' })
  calls.play()
  calls.pause(3)
  calls.reportDesync(1.5, 1000)
  calls.deviceStatus({ battery: 0.5 })
  assert.deepEqual(posted.map(({ event, data }) => [event, JSON.parse(JSON.stringify(data))]), [
    ['schedule', { name: 'flash', payload: { tone: 1 }, delay: 5 }],
    ['load_media', { mediaUrl: '/a.mp4' }],
    ['sync_playback', { isPlaying: true }],
    ['sync_playback', { isPlaying: false, position: 3 }],
    ['report_desync', { reportedPosition: 1.5, reportedTime: 1000 }],
    ['device_status', { battery: 0.5 }],
  ])
})

test('an answer finds its call', async () => {
  const { calls, posted } = stage()
  const [good, bad, never] = [calls.schedule('a'), calls.schedule('b'), calls.schedule('c')]
  calls.replied({ id: posted[1].id, error: { code: 'not_leader', message: 'no', retry: false } })
  calls.replied({ id: posted[0].id, data: { commandId: 'x' } })
  assert.deepEqual(await good, { commandId: 'x' })
  await assert.rejects(bad, { name: 'DownbeatError', code: 'not_leader' })
  calls.endCalls()
  await assert.rejects(never, { code: 'closed' })
  await assert.rejects(calls.schedule('d'), { code: 'closed' })
})
