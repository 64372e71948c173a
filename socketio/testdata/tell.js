// tell writes what happened, and when, as a line of JSON.
export function tell(event, data) {
  const at = performance.timeOrigin + performance.now();
  process.stdout.write(JSON.stringify({ event, at, data }) + '\n');
}
