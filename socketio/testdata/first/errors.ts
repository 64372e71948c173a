socket.on('error', (error) => {
  console.error('Socket error:', error);
  alert(`Connection error: ${error.message}`);
});

socket.on('connect_error', (error) => {
  console.error('Connection failed:', error);
  // Retry logic
  setTimeout(() => {
    socket.connect();
  }, 3000);
});

socket.on('disconnect', (reason) => {
  console.log('Disconnected:', reason);
  if (reason === 'io server disconnect') {
    // Server disconnected, reconnect manually
    socket.connect();
  }
  // Socket.io will auto-reconnect for other reasons
});
