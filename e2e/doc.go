// Package e2e tests the whole program: processes of it that are killed, real browsers on its pages, proxies in
// front of it. Its tests take long, and most of them need a Chromium; they are skipped where there is none
// (testutil.Whole). `make test` installs what they need, and runs them one package at a time.
package e2e
