package server

import (
	"fmt"
	"testing"
)

// TestConnections: what can't hold is refused.
func TestConnections(t *testing.T) {
	for _, c := range []Config{{MaxConnections: -1}, {MaxPerAddress: -1}, {MaxConnections: openFiles()}} {
		if _, err := c.connections(); err == nil {
			t.Errorf("%+v is taken", c)
		}
	}
	got, err := (&Config{MaxConnections: 1000, MaxPerAddress: 1500}).connections()
	if want := (connectionLimits{1000, 750}); err != nil || got != want {
		t.Errorf("%+v %v", got, err)
	}
	if fmt.Sprint(webSockets(1000), webSockets(0)) != "800 0" {
		t.Error(webSockets(1000), webSockets(0))
	}
}
