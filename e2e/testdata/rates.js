// What corrections of the rate cost a medium with sound: the jump of its
// position when it leaves the rate 1, the scatter of its position then, and
// how much of a correction of 0.05 % it takes up.
const video = document.getElementById('video')
const sleep = ms => new Promise(resolve => setTimeout(resolve, ms))

/** A line through its position over `ms`: both in ms. */
async function line(ms) {
  const points = []
  for (const end = performance.now() + ms; performance.now() < end; await sleep(8)) points.push([performance.now(), video.currentTime * 1000])
  const mean = i => points.reduce((sum, p) => sum + p[i], 0) / points.length
  const [x0, y0] = [mean(0), mean(1)]
  let xy = 0, xx = 0, rest = 0
  for (const [x, y] of points) xy += (x - x0) * (y - y0), xx += (x - x0) ** 2
  for (const [x, y] of points) rest += (y - y0 - (xy / xx) * (x - x0)) ** 2
  return { rate: xy / xx, at: x => y0 + (xy / xx) * (x - x0), scatter: Math.sqrt(rest / points.length) }
}

async function change(rate) {
  const before = await line(800)
  const now = performance.now()
  video.playbackRate = rate
  await sleep(250)
  const after = await line(1200)
  return { jump: after.at(now) - before.at(now), ...after }
}

globalThis.rates = async preservesPitch => {
  video.src = '/test/player.webm'
  video.preservesPitch = preservesPitch
  await video.play()
  await sleep(1000)
  const small = await change(1.0005)
  await change(1)
  const large = await change(1.002)
  video.pause()
  return { jump: large.jump, scatter: large.scatter, small: (small.rate - 1) * 1e6 }
}
