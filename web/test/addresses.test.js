import assert from 'node:assert/strict'
import test from 'node:test'
import { Addresses, serverOf, socketsOf } from '../static/lib/addresses.js'
import { Connection } from '../static/lib/connection.js'
import { Socket, fakePage, fakeTime, settled } from './fakes.js'

test('several addresses: each once, and what is none is named', t => {
  fakePage(t)
  assert.deepEqual(socketsOf(undefined), [socketsOf(location.origin)[0]], 'the page’s own')
  assert.deepEqual(socketsOf('http://a/beat', ['http://b', 'http://a/beat/', 'https://b']), ['ws://a/beat/ws', 'ws://b/ws', 'wss://b/ws'])
  assert.deepEqual(socketsOf(undefined, ['http://b']), ['ws://b/ws'])
  for (const bad of ['http://', 'ftp://x', 'http://[']) {
    assert.throws(() => socketsOf('http://a', [bad]), { code: 'bad_url', message: `“${bad}” is no server’s address, such as http://192.168.1.20:8080.` })
  }
  assert.deepEqual(['ws://a/beat/ws', 'wss://b:1/ws'].map(serverOf), ['http://a/beat/', 'https://b:1/'])
})

test('addresses take turns, and a goodbye may name another one', t => {
  fakePage(t)
  const a = new Addresses(['wss://a/ws', 'wss://b/ws'])
  const seen = []
  for (let i = 0; i < 4; i++) {
    seen.push(`${a.use} ${a.rounds}`)
    a.next()
  }
  assert.deepEqual(seen, ['wss://a/ws 0', 'wss://b/ws 0', 'wss://a/ws 1', 'wss://b/ws 1'])
  a.joined()
  assert.equal(a.rounds, 0)
  for (const to of ['http://c', 'ftp://c', 'http://[', 7, null]) {
    a.goodbye(to)
    assert.equal(a.use, 'wss://a/ws', `sent to ${to}`)
  }
  a.goodbye('https://c')
  a.next()
  assert.equal(a.use, 'wss://c/ws')
  a.next()
  assert.equal(a.use, 'wss://b/ws', 'nobody is at c, and a goes away')
  a.goodbye('https://c')
  a.next()
  a.joined()
  a.next()
  assert.equal(a.use, 'wss://a/ws', 'c is the last of three now')
})

test('a device goes on at the next instance, at once', async t => {
  fakePage(t)
  const time = fakeTime(t)
  const sockets = Socket.install(t)
  /** @type {number[]} */ const waits = []
  const c = new Connection(['ws://a/ws', 'ws://b/ws'], { sessionId: 's' }, {
    offerWanted: () => c?.offered(''), message: () => {}, frame: () => {},
    reconnecting: ms => void waits.push(ms), refused: error => assert.fail(error),
  })
  const join = async () => {
    const last = /** @type {Socket} */ (sockets.at(-1))
    last.open()
    last.answer('join_session', 'session_joined', { deviceId: 'd' })
    for (let i = 0; i < 3; i++) await settled()
    return last
  }
  t.after(() => c.close())
  c.connect()
  c.offered('')
  sockets[0].drop()
  await time.pass(300)
  ;(await join()).drop()
  assert.equal(c.url, 'ws://b/ws')
  await time.pass(300)
  const last = await join()
  assert.equal(c.url, 'ws://a/ws')
  last.tell('goodbye', { reason: 'shutdown', retryAfterMs: 60_000, url: 'http://z' })
  await time.pass(300)
  assert.equal(c.url, 'ws://z/ws')
  assert.ok(waits.every(ms => ms <= 250), `waited ${waits}`)
})
