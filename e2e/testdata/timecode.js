// A canvas whose picture tells when it was drawn: the page's performance.now()
// in µs, 48 bits as black and white blocks.
const COLUMNS = 8
const ROWS = 6
const SIZE = 40

/** Draws while `going()`. */
export function timeCode(going = () => true) {
  const canvas = document.createElement('canvas')
  canvas.width = COLUMNS * SIZE
  canvas.height = ROWS * SIZE
  const context = canvas.getContext('2d', { alpha: false })
  const draw = () => {
    requestAnimationFrame(draw)
    if (!going()) return
    drawCode(context, Math.round(performance.now() * 1000))
  }
  draw()
  return canvas.captureStream(30)
}

/** Draws a number, the lowest bit first, on 320 × 240 pixels. */
export function drawCode(context, value) {
  for (let bit = 0, rest = value; bit < COLUMNS * ROWS; bit++, rest = Math.floor(rest / 2)) {
    context.fillStyle = rest % 2 ? 'white' : 'black'
    context.fillRect((bit % COLUMNS) * SIZE, Math.floor(bit / COLUMNS) * SIZE, SIZE, SIZE)
  }
}

const small = new OffscreenCanvas(64, 64).getContext('2d', { willReadFrequently: true })

/** The number that a picture of blocks shows, the lowest bit first. */
export function readCode(picture, columns = COLUMNS, rows = ROWS) {
  small.drawImage(picture, 0, 0, columns * 5, rows * 5)
  const { data } = small.getImageData(0, 0, columns * 5, rows * 5)
  let value = 0
  for (let bit = columns * rows - 1; bit >= 0; bit--) {
    const pixel = (Math.floor(bit / columns) * 5 + 2) * columns * 5 + (bit % columns) * 5 + 2
    value = value * 2 + (data[4 * pixel] > 127 ? 1 : 0)
  }
  return value
}

/** A canvas of noise, which no encoder makes small. */
export function noise(width) {
  const canvas = document.createElement('canvas')
  canvas.width = width
  canvas.height = (width / 16) * 9
  const context = canvas.getContext('2d', { alpha: false })
  const picture = context.createImageData(canvas.width, canvas.height)
  const words = new Uint32Array(picture.data.buffer)
  const draw = () => {
    requestAnimationFrame(draw)
    for (let i = 0, x = performance.now() | 1; i < words.length; i++) words[i] = x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d) + i
    context.putImageData(picture, 0, 0)
  }
  draw()
  return canvas.captureStream(30)
}
