// useCamera is a camera that says when it is asked to record.
import { tell } from './tell';

let began = 0;
export const useCamera = () => ({
  startRecording: async timestamp => {
    began = Date.now();
    tell('started', { timestamp });
  },
  stopRecording: async () => {
    tell('stopped', {});
    return { durationMs: Date.now() - began };
  },
});
