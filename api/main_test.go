package api

import (
	"testing"

	"go.uber.org/goleak"
)

// net/http keeps a connection for half a second after it has refused a body.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*conn).closeWriteAndWait"))
}
