import { getSocket } from '@/lib/socket';
import { useCamera } from '@/hooks/useCamera';

function RecordingComponent() {
  const { startRecording, stopRecording } = useCamera();
  const socket = getSocket();

  useEffect(() => {
    // Listen for START command from server
    socket.on('start_recording', async (data: {
      postureLabel: string;
      duration: number;
      timestamp: number; // â Server timestamp
    }) => {
      console.log('ğŸ“¹ Received START_RECORDING:', data);
      
      try {
        // Calculate sync delay
        const timeDelta = Date.now() - data.timestamp;
        const delay = Math.max(0, -timeDelta);
        
        if (delay > 0) {
          console.log(`â³ Waiting ${delay}ms to sync...`);
          await new Promise(r => setTimeout(r, delay));
        }

        // Start recording - synchronized across devices
        await startRecording(data.timestamp);
        console.log(`âœ… Recording started for: ${data.postureLabel}`);
        
      } catch (err) {
        console.error('Failed to start recording:', err);
      }
    });

    // Listen for STOP command
    socket.on('stop_recording', async (data: { timestamp: number }) => {
      console.log('â¹ï¸ Received STOP_RECORDING');
      
      try {
        // Stop recording
        const recordingData = await stopRecording();
        console.log(`âœ… Recording stopped. Duration: ${recordingData.durationMs}ms`);
        
        // Upload video (shown in next section)
        await uploadVideo(recordingData);
        
      } catch (err) {
        console.error('Failed to stop recording:', err);
      }
    });

    return () => {
      socket.off('start_recording');
      socket.off('stop_recording');
    };
  }, [socket, startRecording, stopRecording]);

  return <div>Recording Component</div>;
}
