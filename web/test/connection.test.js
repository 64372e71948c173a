import assert from 'node:assert/strict'
import test from 'node:test'
import { Connection } from '../static/lib/connection.js'
import { Socket, settled } from './fakes.js'

test('a report is sent until it is answered, a wish once', async t => {
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] })
  const real = globalThis.WebSocket
  globalThis.WebSocket = /** @type {any} */ (Socket)
  const c = new Connection(['ws://x/ws'], { sessionId: 's' }, {
    offerWanted: () => c?.offered(''),
    message: () => {}, frame: () => {}, reconnecting: () => {}, refused: error => assert.fail(error),
  })
  c.connect()
  c.offered('')
  const [first] = Socket.all
  first.open()
  first.answer('join_session', 'session_joined', { resumeToken: 'x' })
  await settled()
  c.send('fired', { commandId: 'answered' })
  c.send('resync', {})
  first.answer('fired', 'ok')
  await settled()
  c.send('recording_started', { recordingId: 'lost' })
  first.drop()
  await settled()
  t.mock.timers.tick(1000)
  const second = Socket.all[1]
  second.open()
  second.answer('join_session', 'session_joined', {})
  await settled()
  assert.deepEqual([second.count('fired'), second.count('resync'), second.count('recording_started')], [0, 0, 1])
  second.answer('recording_started', 'error', { code: 'busy', retry: true })
  await settled()
  t.mock.timers.tick(1000)
  assert.equal(second.count('recording_started'), 2, 'again after an error that allows it')
  c.close()
  globalThis.WebSocket = real
})

test('a refused origin is told, a server that is away is waited for', async t => {
  const { WebSocket: real, fetch: ask } = globalThis
  globalThis.WebSocket = /** @type {any} */ (Socket)
  /** @type {string[]} */
  const asked = []
  /** @type {() => Promise<any>} */
  let answer = async () => {
    throw new TypeError('Failed to fetch')
  }
  globalThis.fetch = /** @type {any} */ (async (/** @type {string} */ url) => {
    asked.push(url)
    return { json: await answer() }
  })
  t.after(() => Object.assign(globalThis, { WebSocket: real, fetch: ask }))
  /** @type {any[]} */
  const said = []
  const c = new Connection(['wss://x/beat/ws'], { sessionId: 's' }, {
    offerWanted: () => {}, message: () => {}, frame: () => {},
    reconnecting: () => said.push('reconnecting'), refused: ({ code }) => said.push(code),
  })
  const refusedWith = async (/** @type {string} */ code) => {
    answer = async () => async () => ({ error: { code, message: code } })
    c.connect()
    Socket.all.at(-1)?.drop()
    for (let i = 0; i < 3; i++) await settled()
  }
  c.connect()
  Socket.all.at(-1)?.drop()
  await settled()
  await refusedWith('too_many_connections')
  assert.deepEqual(said, ['reconnecting', 'reconnecting'], 'both may pass')
  await refusedWith('bad_origin')
  assert.deepEqual(said, ['reconnecting', 'reconnecting', 'reconnecting', 'bad_origin'])
  assert.deepEqual([...new Set(asked)], ['https://x/beat/ws'])
  c.close()
})

test('a session that was there is waited for, one that never was isn’t', async t => {
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] })
  const { WebSocket: real } = globalThis
  const { now: realNow } = performance
  let now = 0
  performance.now = () => now
  globalThis.WebSocket = /** @type {any} */ (Socket)
  t.after(() => {
    globalThis.WebSocket = real
    performance.now = realNow
  })
  /** @type {any[]} */
  let said = []
  const joining = () => {
    const c = new Connection(['ws://x/ws'], { sessionId: 's', create: false, resumeToken: 'r', userToken: 'u' }, {
      offerWanted: () => c?.offered(''), message: () => {}, frame: () => {},
      reconnecting: (ms, _reason, code) => said.push(code ?? 'dropped'), refused: ({ code, retry }) => said.push(`refused ${code} ${retry}`),
    })
    c.connect()
    c.offered('')
    return c
  }
  /** @param {string} event @param {object} data */
  const answered = async (event, data) => {
    Socket.all.at(-1)?.open()
    Socket.all.at(-1)?.answer('join_session', event, data)
    for (let i = 0; i < 3; i++) await settled()
  }
  const missing = { code: 'session_not_found', message: 'no such session', retry: true }

  joining()
  await answered('error', missing)
  assert.deepEqual(said, ['refused session_not_found true'], 'at the first join the page decides')

  said = []
  const c = joining()
  await answered('session_joined', { deviceId: 'd', resumeToken: 'r2', userToken: 'u2' })
  c.renew()
  for (const minute of [0, 2, 4]) {
    now = minute * 60_000
    t.mock.timers.tick(10_000)
    await answered('error', missing)
  }
  assert.deepEqual(said, ['dropped', 'session_not_found', 'session_not_found', 'session_not_found'])
  assert.equal(Socket.all.at(-1)?.sent[0].data.userToken, 'u2')
  now = 6 * 60_000
  t.mock.timers.tick(10_000)
  await answered('error', missing)
  assert.equal(said.at(-1), 'refused session_not_found true')

  said = []
  const stale = joining()
  await answered('error', { code: 'bad_resume_token', message: '', retry: false })
  assert.equal(Socket.all.at(-1)?.sent.length, 0)
  await answered('error', { code: 'bad_user_token', message: '', retry: false })
  await answered('session_joined', { deviceId: 'd' })
  assert.deepEqual(Object.keys(Socket.all.at(-1)?.sent[0].data), ['sessionId', 'create'], 'stale tokens are let go, one after the other')
  stale.close()
})
