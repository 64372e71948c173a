/**
 * Shows a stream in its own proportions, as far as the screen is high enough.
 *
 * @param {HTMLVideoElement} video  in a box of its own
 * @param {MediaStream | null} stream
 */
export function find(video, stream) {
  video.srcObject = stream
  video.onresize = () => {
    const { parentElement, videoWidth, videoHeight } = video
    if (parentElement && videoWidth) parentElement.style.aspectRatio = `${videoWidth} / ${videoHeight}`
  }
}
