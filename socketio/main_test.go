package socketio

import (
	"testing"

	"github.com/downbeat-sync/downbeat/internal/testutil"
)

func TestMain(m *testing.M) { testutil.Main(m) }
