const socket = io('http://localhost:3000');

// Join a session
socket.emit('join_session', {
  sessionId: 'my-session-id',
  userId: 'user-123',
  username: 'Alice',
  avatar: 'https://example.com/avatar.jpg'
});

// Listen for session join confirmation
socket.on('session_joined', (data) => {
  console.log('Joined session:', data);
  
  // If you're the leader, you can control playback
  if (data.isLeader) {
    socket.emit('sync_playback', {
      position: 0,
      isPlaying: true,
      mediaUrl: 'https://example.com/video.mp4'
    });
  }
});

// Listen for playback updates
socket.on('playback_sync', (data) => {
  // Update your media player with the new state
  updateMediaPlayer(data);
});

// Send heartbeat every 30 seconds
setInterval(() => {
  socket.emit('heartbeat');
}, 30000);
