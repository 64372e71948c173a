package signaling

import (
	"context"

	"github.com/downbeat-sync/downbeat/internal/plainjson"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/wire"
)

type leadershipData struct {
	Token string `json:"token,omitempty"` // the creator's
}

func requestLeadership(ctx context.Context, l *link, q leadershipData) (any, error) {
	if q.Token != "" {
		if err := l.server.access.Patience(l.addr); err != nil {
			return nil, err
		}
	}
	err := l.member.RequestLeadership(ctx, q.Token)
	l.server.access.Refused(l.addr, err)
	return nil, err
}

type userData struct {
	UserID   string  `json:"userId,omitempty"`
	Username *string `json:"username,omitempty"`
	Avatar   *string `json:"avatar,omitempty"`
}

func handOver(ctx context.Context, l *link, q userData) (any, error) {
	if q.UserID == "" {
		return nil, plainjson.Missing("userId")
	}
	return nil, l.member.HandOver(ctx, q.UserID)
}

func updateUser(ctx context.Context, l *link, q userData) (any, error) {
	return nil, l.member.UpdateUser(ctx, session.UserUpdate{UserID: q.UserID, Username: q.Username, Avatar: q.Avatar})
}

type deviceData struct {
	DeviceID string  `json:"deviceId,omitempty"`
	ViewType *string `json:"viewType,omitempty"`
	Records  *bool   `json:"records,omitempty"`
	Silenced *bool   `json:"silenced,omitempty"`
	Absent   string  `json:"absent,omitempty"` // of remove_device: guests or all
}

func updateDevice(ctx context.Context, l *link, q deviceData) (any, error) {
	return nil, l.member.UpdateDevice(ctx, session.DeviceUpdate{
		DeviceID: q.DeviceID, ViewType: q.ViewType, Records: q.Records, Silenced: q.Silenced,
	})
}

func removeDevice(ctx context.Context, l *link, q deviceData) (any, error) {
	switch {
	case q.Absent != "" && q.Absent != "guests" && q.Absent != "all":
		return nil, &session.Error{Code: wire.CodeBadField, Message: "absent must be guests or all"}
	case q.Absent != "" && q.DeviceID == "":
		return nil, l.member.RemoveAbsent(ctx, q.Absent == "all")
	case q.DeviceID == "" || q.Absent != "":
		return nil, plainjson.Missing("deviceId")
	}
	return nil, l.member.RemoveDevice(ctx, q.DeviceID)
}

type sessionData struct {
	Name *string `json:"name"`
}

func updateSession(ctx context.Context, l *link, q sessionData) (any, error) {
	if q.Name == nil {
		return nil, plainjson.Missing("name")
	}
	return nil, l.member.Rename(ctx, *q.Name)
}
