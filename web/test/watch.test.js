import assert from 'node:assert/strict'
import test from 'node:test'
import { explain, foresee, unplayable } from '../static/player/playertroubles.js'
import { addressOf } from '../static/player/trimmedtime.js'
import { actOf } from '../static/app/watch/keyboard.js'
import { People } from '../static/app/watch/people.js'
import { clockTime, inWords, over, refused } from '../static/app/ui/sessionwords.js'

const ada = { id: 'a', username: 'Ada', isConnected: true }
const bob = { id: 'b', username: 'Bob', isConnected: false }

test('who is here, and who leads', () => {
  const p = new People()
  const screen = { deviceId: 's1', userId: 'a', deviceType: '', viewType: 'watch', isConnected: true }
  const devices = [screen, { ...screen, deviceId: 'away', isConnected: false }, { ...screen, deviceId: 'console', viewType: '' }, { ...screen, deviceId: 'camera', deviceType: 'mobile', viewType: 'watch' }]
  p.receive('session_joined', { session: { leaderId: 'a', users: [ada, bob], devices } })
  assert.equal(p.watching, 1, 'a camera doesn’t watch, nor a console')
  assert.equal(p.nameOf('s1'), 'Ada')
  assert.deepEqual(p.leader, { id: 'a', name: 'Ada', here: true })
  assert.equal(p.receive('user_joined', { userId: 'b', username: 'Bob' }), true)
  p.receive('device_joined', { deviceId: 's2', deviceType: '', viewType: 'watch' })
  assert.deepEqual([p.watching, p.nameOf('s2')], [2, ''])
  p.receive('device_disconnected', { deviceId: 's2' })
  assert.equal(p.watching, 1)
  p.receive('user_left', { userId: 'a', username: 'Ada' })
  assert.equal(p.leader.here, false)
  p.receive('leadership_changed', { newLeaderId: 'b', newLeaderName: 'Bob' })
  assert.deepEqual(p.leader, { id: 'b', name: 'Bob', here: true })
  assert.equal(p.receive('playback_sync', {}), false)
})

test('keys belong to who is there for them', () => {
  const key = (/** @type {string} */ name, /** @type {boolean} */ leads, /** @type {string} */ within = '') =>
    actOf({ key: name, altKey: false, ctrlKey: false, metaKey: false, target: { closest: (/** @type {string} */ list) => list.includes(within) && within ? {} : null } }, leads)
  assert.deepEqual([key('f', false), key('M', false), key(' ', false), key(' ', true), key('ArrowLeft', true)], ['fill', 'mute', undefined, 'toggle', 'back'])
  assert.deepEqual([key('f', true, 'input'), key(' ', true, 'button'), key('c', true, 'button'), key('x', true)], [undefined, undefined, 'title', undefined])
})

test('a film of the server is found from pages of other servers', () => {
  const at = (/** @type {string} */ url) => addressOf(url, 'https://s.example/play/', 'https://page.example/x')
  assert.deepEqual(['/play/media/a.mp4?x', '/film.mp4', 'a.mp4', 'https://o.example/media/a.mp4', '//o.example/media/a'].map(at), [
    'https://s.example/play/media/a.mp4?x', 'https://page.example/film.mp4', 'https://page.example/a.mp4', 'https://o.example/media/a.mp4', 'https://o.example/media/a',
  ])
})

test('positions as people write them', () => {
  for (const [s, text] of [[0, '0:00'], [65.9, '1:05'], [3725, '1:02:05'], [-1, '0:00']]) assert.equal(clockTime(Number(s)), text)
})

const scene = { session: 'synced', player: 'playing', drift: 3, position: 5, leader: 'Ada', leads: false }

test('the state in words', () => {
  for (const [change, pill, words] of /** @type {[object, string, RegExp][]} */ ([
    [{}, 'together', /together/],
    [{ drift: -80 }, 'catching up', /Catching up/],
    [{ session: 'reconnecting' }, 'reconnecting', /can’t be reached/],
    [{ waits: 'Bob' }, 'waiting', /Everybody waits for Bob/],
    [{ waits: 'Bob', own: true, player: 'paused' }, 'waiting', /others wait for this device/],
    [{ drift: NaN, trouble: 'A live stream.' }, 'playing', /live/],
    [{ silenced: true }, 'together', /muted this device/],
    [{ player: 'blocked', trouble: 'Tap to start.', tap: true }, 'tap to start', /Tap to start/],
    [{ player: 'failed', trouble: 'No such file.' }, 'trouble', /No such file/],
    [{ player: 'idle' }, 'nothing loaded', /When Ada loads/],
    [{ player: 'idle', leads: true }, 'nothing loaded', /^Load/],
    [{ trouble: 'It plays without sound.' }, 'together', /without sound/],
    [{ player: 'paused' }, 'paused', /0:05/],
    [{ session: 'closed' }, 'left', /not in the session/],
  ])) {
    const [text, , sentence] = inWords({ ...scene, ...change })
    assert.equal(text, pill)
    assert.match(sentence, words)
  }
})

test('refusals say what to do', () => {
  assert.match(refused('key_needed', ''), /whole link/)
  assert.match(refused('session_not_found', ''), /new link/)
  assert.equal(refused('odd', 'something odd'), 'something odd.')
  assert.match(over('closed_4001', ''), /another tab/)
})

test('addresses that can’t work are told before they are asked for', () => {
  assert.equal(foresee('ftp://a/b', 'https://page/')?.code, 'bad_url')
  assert.equal(foresee('http://a/b.mp4', 'https://page/')?.code, 'mixed_content')
  assert.equal(foresee('http://localhost/b.mp4', 'https://page/'), null)
  assert.equal(foresee('b.mp4', 'https://page/'), null)
  assert.equal(unplayable('https://a/b.m3u8?x', () => '')?.code, 'unsupported')
  assert.equal(unplayable('https://a/b.m3u8', () => 'maybe'), null)
  assert.equal(unplayable('https://a/b.mpd', () => 'maybe')?.code, 'unsupported')
})

test('what a media error comes from', () => {
  const url = 'https://a.example/b.mp4'
  const codes = (/** @type {any[]} */ ...args) => explain(args[0], { url, ...args[1] }).code
  assert.equal(codes({ code: 4, message: '' }, { sameOrigin: true, status: 404 }), 'not_found')
  assert.equal(codes({ code: 4, message: '' }, { sameOrigin: true, status: 403 }), 'not_allowed')
  assert.equal(codes({ code: 4, message: '' }, { sameOrigin: true, status: 200 }), 'unsupported')
  assert.equal(codes({ code: 4, message: '404: Not Found' }, { sameOrigin: false }), 'not_found')
  assert.equal(codes({ code: 4, message: '' }, { sameOrigin: false }), 'unloadable')
  assert.equal(codes({ code: 4, message: '' }, { sameOrigin: false, policy: true }), 'forbidden')
  assert.equal(codes({ code: 2, message: '' }, { sameOrigin: false }), 'network')
  assert.equal(codes({ code: 3, message: '' }, { sameOrigin: false }), 'broken')
})
