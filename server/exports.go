package server

import (
	"errors"

	"github.com/downbeat-sync/downbeat/api"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/takes"
)

// exports makes documents of a take for those who ask over HTTP.
type exports struct{}

func (exports) FileName(r session.Recording) string {
	take := takes.Of([]session.Recording{r})[0]
	if name := take.Recordings[0].DownloadName; name != nil {
		return *name
	}
	return take.Name()
}

func (exports) Manifest(recordings []session.Recording) (api.Document, error) {
	take, err := takeOf(recordings)
	if err != nil {
		return api.Document{}, err
	}
	body, err := take.Encode()
	return api.Document{Name: take.Name() + ".json", Type: "application/json", Body: body}, err
}

func (exports) Timeline(recordings []session.Recording) (api.Document, error) {
	take, err := takeOf(recordings)
	if err != nil {
		return api.Document{}, err
	}
	body, err := takes.Timeline(take, takes.Downloaded)
	return api.Document{Name: take.Name() + ".otio", Type: "application/json", Body: body}, err
}

func (exports) Script(recordings []session.Recording) (api.Document, error) {
	take, err := takeOf(recordings)
	if err != nil {
		return api.Document{}, err
	}
	body, err := takes.Script(take, takes.Downloaded)
	return api.Document{Name: take.Name() + ".sh", Type: "text/x-shellscript; charset=utf-8", Body: body}, err
}

func takeOf(recordings []session.Recording) (takes.Take, error) {
	list := takes.Of(recordings)
	if len(list) != 1 {
		return takes.Take{}, errors.New("these are not the recordings of one take")
	}
	return list[0], nil
}
