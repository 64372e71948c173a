// The page around the first document's code: a camera, an alert, and commands on standard input.
import { createInterface } from 'node:readline';
import { joinSession } from './join';
import { RecordingComponent } from './recording';
import { DesktopControlPanel } from './panel';
import { watchErrors } from './errors';
import { tell } from './tell';

Object.assign(globalThis, {
  useEffect: (effect: () => void) => effect(),
  React: { createElement: (type: unknown, props: unknown) => ({ type, props }) },
  alert: (text: string) => tell('alert', { text }),
  uploadVideo: async () => {},
});
if (!globalThis.navigator) Object.assign(globalThis, { navigator: { userAgent: 'node' } });
console.log = (...args: unknown[]) => tell('log', { text: String(args[0]) });
console.error = (...args: unknown[]) => tell('log', { text: args.map(String).join(' ') });

const [, , session, type] = process.argv;
createInterface({ input: process.stdin }).on('line', async line => {
  switch (line) {
    case 'join':
      await joinSession(session, type as 'desktop' | 'mobile');
      watchErrors();
      RecordingComponent();
      return;
    case 'start':
      DesktopControlPanel({
        sessionId: session, currentStep: { postureLabel: 'side', countdownSeconds: 0, recordingDurationSeconds: 0.5, displayName: 'Side' },
      }).props.onClick();
      return;
  }
}).on('close', () => process.exit(0));
tell('ready', {});
