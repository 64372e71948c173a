package web_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/downbeat-sync/downbeat/web"
)

func ExampleHandler() {
	mux := http.NewServeMux()
	mux.Handle("/", web.Handler(web.Config{}))
	answer := httptest.NewRecorder()
	mux.ServeHTTP(answer, httptest.NewRequest("GET", "/downbeat.js", nil))
	fmt.Println(answer.Code, answer.Header().Get("Content-Type"))
	// Output: 200 text/javascript; charset=utf-8
}
