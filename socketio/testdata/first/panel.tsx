function DesktopControlPanel({ sessionId, currentStep }) {
  const socket = getSocket();

  const handleStartRecording = async () => {
    // Emit start command - backend will broadcast to all devices
    socket.emit('start_recording', {
      sessionId,
      postureLabel: currentStep.postureLabel,
      duration: currentStep.recordingDurationSeconds * 1000,
    });

    // Auto-stop after duration
    const totalDuration = 
      (currentStep.countdownSeconds + currentStep.recordingDurationSeconds) * 1000;
    
    setTimeout(() => {
      socket.emit('stop_recording', { sessionId });
    }, totalDuration);
  };

  return (
    <button onClick={handleStartRecording}>
      Start Recording ({currentStep.displayName})
    </button>
  );
}
