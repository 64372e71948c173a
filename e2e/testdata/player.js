// A page with a player. It marks the element's position on the machine's
// monotonic clock: `pos:<player>:<seconds>:<drift ms>:<state>`.
import { join } from '/downbeat.js'
import { Player } from '/player.js'

const params = new URLSearchParams(location.search)
const session = await join({ sessionId: params.get('session'), username: params.get('name'), resume: false, key: params.get('key') ?? undefined })
const video = document.getElementById('video')
video.muted = !params.has('sound')
const player = new Player(session, video)
const name = params.get('name')
const troubles = []
const states = []
player.addEventListener('trouble', event => troubles.push(event.detail.code))
player.addEventListener('state', () => states.push(player.state))

setInterval(() => {
  const position = video.currentTime
  const startTime = performance.now()
  performance.mark(`pos:${name}:${position}:${player.drift}:${player.state}`, { startTime })
}, 50)

globalThis.page = {
  session, player, video, troubles, states,
  until: test => new Promise(resolve => {
    const look = () => (test() ? resolve(true) : setTimeout(look, 20))
    look()
  }),
  synced: () => page.until(() => session.state === 'synced' && session.bound < 5),
  sync: data => session.request('sync_playback', data),
  load: mediaUrl => session.request('load_media', { mediaUrl }),
  seen: () => ({ state: player.state, drift: player.drift || 0, position: video.currentTime, seeks: player.seeks, paused: video.paused, troubles, states, rate: video.playbackRate }),
}
