# Everything that a laptop runs, CI runs too: `make check` is the whole of it.
GO     ?= go
BIN    := bin/downbeat
ARGS   ?=
WHOLE  := ./e2e
# Long sums of one goroutine, in which the race detector has nothing to find and takes most of the time.
PURE   := ./clock/sim ./light/film
# A test that fails runs once more, and both are printed; a data race, or more than three, fail at once.
TWICE  := CI=1 $(GO) tool -modfile=tools/go.mod gotestsum --format pkgname-and-test-fails \
	--rerun-fails=1 --rerun-fails-max-failures=3 --rerun-fails-run-root-test --rerun-fails-abort-on-data-race
GORELEASER := github.com/goreleaser/goreleaser/v2@v2.15.1

.PHONY: test-obs wire licenses pictures release-check vendor vendored bench-browser bench-peer pack bench-light size accuracy current help run build test check bench demo kills soak fuzz setup fmt lint js clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: ## start the server (ARGS="--addr :9000" for flags)
	$(GO) run ./cmd/downbeat serve $(ARGS)

build: ## build bin/downbeat
	$(GO) build -trimpath -o $(BIN) ./cmd/downbeat

demo: ## a server and eight Go devices on this machine: errors, bounds, spreads
	$(GO) run ./cmd/downbeat demo --devices 8 --commands 20 $(ARGS)

setup: ## install what the tests need (Chromium, certutil, openssl, ffmpeg, mpv, liblo-tools, npm packages, chronyd, nginx, Caddy)
	@tools/setup.sh

test: setup ## every test, real Chromium included
	cd web && node --test
	$(TWICE) --packages="$(PURE)" -- -shuffle=on -timeout 10m
	$(TWICE) --packages="$$($(GO) list ./... | grep -vF "$$($(GO) list $(WHOLE) $(PURE))" | tr '\n' ' ')" -- -race -shuffle=on -timeout 10m
	$(TWICE) --packages=$(WHOLE) -- -race -shuffle=on -timeout 50m -p 1

bench: setup ## print the figures of docs/figures.md
	$(GO) test -run '^$$' -bench . -skip BesidePeer -benchtime 1x -timeout 20m ./e2e
	$(GO) test -run '^$$' -bench . ./peer
	$(GO) test -run '^$$' -bench . -benchtime 1x ./api
	$(GO) test -run '^$$' -bench Upload -benchtime 3x ./upload
	$(GO) test -run '^$$' -bench Put ./store/nats
	$(GO) test -run '^$$' -bench List ./session
	$(GO) test -run '^$$' -bench . -benchtime 1x -timeout 20m ./clock ./clock/sim
	$(GO) test -run '^$$' -bench . -benchtime 1x ./reference
	$(GO) test -run '^$$' -bench . -benchtime 1x -timeout 20m ./ntpserver

bench-browser: setup ## print the figures of the browser alone
	$(GO) test -run '^$$' -bench Browser -benchtime 1x -timeout 20m ./e2e

bench-peer: setup ## print the error of Chromium's clock beside @ircam/sync's, over WebSockets with known delays (4 minutes)
	$(GO) test -run '^$$' -bench BesidePeer -benchtime 1x -timeout 10m ./e2e

test-obs: ## record with the OBS Studio of this machine (obs, Xvfb and ffprobe)
	DOWNBEAT_TEST_OBS=1 $(GO) test -count 1 -v -run TestRealOBS ./acts/obs

bench-light: ## print the figures of cameras (FILMS=200 for more of them)
	$(GO) test -run '^$$' -bench Light -benchtime 1x -timeout 60m ./light/film

pack: setup ## pack the browser library as an npm package, into bin/
	@tools/pack.sh bin

size: setup ## print what the browser library weighs, minified and compressed
	@tools/size.sh

accuracy: ## write docs/accuracy.md: the estimator beside other methods
	$(GO) run ./cmd/downbeat accuracy >docs/accuracy.md.new && mv docs/accuracy.md.new docs/accuracy.md

licenses: ## write the licences that `downbeat licenses` prints
	@tools/licenses.sh >cmd/downbeat/licenses.txt.new && mv cmd/downbeat/licenses.txt.new cmd/downbeat/licenses.txt

pictures: setup ## make the README's pictures from the real pages
	mkdir -p docs/pictures && DOWNBEAT_PICTURES=$(CURDIR)/docs/pictures $(GO) test -count 1 -run '^TestPictures$$' ./e2e

release-check: ## check the release's configuration, and build all of it once, into dist/
	systemd-analyze verify --man=no packaging/downbeat.service
	$(GO) run $(GORELEASER) check
	$(GO) run $(GORELEASER) release --snapshot --clean --skip=publish

current: ## fail if docs/accuracy.md or the list of licences is stale
	@tools/licenses.sh | cmp -s - cmd/downbeat/licenses.txt || { echo "cmd/downbeat/licenses.txt is stale: make licenses"; exit 1; }
	@$(GO) run ./cmd/downbeat accuracy | diff -u docs/accuracy.md - || { echo "docs/accuracy.md is stale: make accuracy"; exit 1; }

kills: ## kill a server 200 times while clients write: nothing acknowledged is lost
	DOWNBEAT_TEST_KILLS=200 $(GO) test -count 1 -v -timeout 10m -run TestKills ./e2e

soak: ## an hour of random kills of NATS servers and instances under load (FOR=2m: another time)
	DOWNBEAT_TEST_SOAK=$(or $(FOR),1h) $(GO) test -count 1 -v -timeout 100h -run 'TestSoak$$' ./e2e

fuzz: ## thirty seconds of every fuzz target
	@tools/fuzz.sh 30s

fmt: ## format the Go code
	gofmt -w $$(git ls-files '*.go')

lint: ## formatting, vet, fixes, tidiness, staticcheck, documented names
	@out=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$out" || { echo "gofmt: $$out"; exit 1; }
	$(GO) vet ./...
	@out=$$($(GO) fix -diff ./...) || true; test -z "$$out" || { echo "$$out"; exit 1; }
	$(GO) mod tidy -diff
	$(GO) tool -modfile=tools/go.mod staticcheck -checks all,-ST1003 ./...

wire: ## write web/static/lib/wire.js: names, codes and types of what goes over the WebSocket
	$(GO) generate ./signaling

vendor: setup ## copy what the pages use of npm into web/static/vendor, as the lock file pins it
	@tools/vendor.sh

vendored: setup ## fail if web/static/vendor isn't what the lock file pins
	@fresh=$$(mktemp -d) && trap 'rm -rf "$$fresh"' EXIT && tools/vendor.sh "$$fresh" && diff -r -x '*.d.ts' "$$fresh" web/static/vendor

js: setup ## type-check the browser's JavaScript
	cd web && npx --no-install tsc -p .
	@tools/size.sh

check: lint current vendored js test ## all that CI runs

clean: ## remove what was built
	rm -rf bin artefacts docs/accuracy.md.new
