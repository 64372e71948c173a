package session

// SetStatus notes how the device is, in the place of what it said before. It is
// kept as long as the membership, by this instance alone.
func (m *Member) SetStatus(s DeviceStatus) error {
	if err := s.Validate(); err != nil {
		return err
	}
	if err := m.begin(); err != nil {
		return err
	}
	defer m.svc.exit(m.room)
	m.room.mu.Lock()
	defer m.room.mu.Unlock()
	s.Timestamp = m.svc.now().Time()
	m.status = &s
	return nil
}

// statusOf returns how a device says that it is, nil before it did. Called with
// room.mu held.
func (r *room) statusOf(deviceID string) *DeviceStatus {
	if m := r.members[deviceID]; m != nil {
		return m.status
	}
	return nil
}
