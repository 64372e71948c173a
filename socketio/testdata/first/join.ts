import { connectSocket, getSocket } from '@/lib/socket';

async function joinSession(sessionId: string, deviceType: 'desktop' | 'mobile') {
  // Connect to WebSocket server
  await connectSocket();
  const socket = getSocket();

  // Join session
  socket.emit('join_session', {
    sessionId,
    deviceType,
    viewType: deviceType === 'desktop' ? 'front' : 'side',
    userAgent: navigator.userAgent,
  });

  // Wait for confirmation
  socket.on('joined_session', (data) => {
    console.log('âœ… Joined session:', data);
    console.log('Device ID:', data.deviceId);
    console.log('Session status:', data.session.status);
  });

  // Listen for other devices joining
  socket.on('device_joined', (data) => {
    console.log('ğŸ‘¤ Another device joined:', data.deviceType);
  });

  // Listen for device disconnection
  socket.on('device_disconnected', (data) => {
    console.log('ğŸ‘¤ Device disconnected:', data.deviceId);
  });
}
