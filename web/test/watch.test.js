import assert from 'node:assert/strict'
import test from 'node:test'
import { explain, foresee, unplayable } from '../static/player/trouble.js'
import { People } from '../static/app/watch-people.js'
import { clockTime, inWords, over, refused } from '../static/app/watch-words.js'

const ada = { id: 'a', username: 'Ada', isConnected: true }
const bob = { id: 'b', username: 'Bob', isConnected: false }

test('who is here, and who leads', () => {
  const p = new People()
  p.receive('session_joined', { session: { leaderId: 'a', users: [ada, bob] } })
  assert.equal(p.here, 1)
  assert.deepEqual(p.leader, { id: 'a', name: 'Ada', here: true })
  assert.equal(p.receive('user_joined', { userId: 'b', username: 'Bob' }), true)
  assert.equal(p.here, 2)
  p.receive('user_left', { userId: 'a', username: 'Ada' })
  assert.equal(p.leader.here, false)
  p.receive('leadership_changed', { newLeaderId: 'b', newLeaderName: 'Bob' })
  assert.deepEqual(p.leader, { id: 'b', name: 'Bob', here: true })
  assert.equal(p.receive('playback_sync', {}), false)
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
