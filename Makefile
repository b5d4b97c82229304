# dajiuzhu. "make run" shows it at work; "make test" runs every test. Both need Go and nothing else.

SHELL := bash
.DELETE_ON_ERROR:

BIN    := bin/dajiuzhu
COUNTY := out/county
RESULT := out/screened
ON     := 2026-11-01
FAMILY := 37142410028100007# the family of Guozhai village in the sample county
SIZES  := 100000 1000000 5611194# people of the invented city

.PHONY: run test check race bench bench-city fmt golden library clean

## run: make the sample county, screen it, print who needs help, and the Guozhai family's plan before and after the visit
run: $(BIN)
	@rm -rf $(COUNTY) $(RESULT)
	@$(BIN) synth --out $(COUNTY) --on $(ON)
	@$(BIN) screen --in $(COUNTY) --out $(RESULT) --on $(ON) --explain $(FAMILY)
	@echo; echo "入户核实之后 After the visit answered the questions (examples/guozhai.yaml):"; echo
	@$(BIN) determine examples/guozhai.yaml --on $(ON)

## test: every test, the formatting, vet, and the pack's own cases
test: check
	go test -count=1 -timeout 14m ./...

## check: formatting, vet and the built-in pack
check: $(BIN)
	@test -z "$$(gofmt -l cmd internal packs docs)" || { echo "not gofmt-clean:"; gofmt -l cmd internal packs docs; exit 1; }
	go vet ./...
	$(BIN) check --on $(ON)

## race: the tests that share one plan among goroutines, watched by the race detector, which needs a C compiler
race:
	go test -race ./internal/screening ./internal/population
	go test -race ./internal/rules -run 'OnePlan|Batches'

## bench: each figure of docs/performance.md beside its baseline, on the sample county, in one run
bench:
	go test ./internal/rules ./internal/screening ./internal/synth -p 1 -run '^$$' -bench 'WholePack|OneHousehold|Screening|Missing|Simulate|Write' -benchtime 3s

## bench-city: the same of the whole invented city, and of a tenth and a fifth of it: makes about 10 GB under out/bench
bench-city: $(BIN)
	@for people in $(SIZES); do \
		dir=out/bench/$$people; rm -rf $$dir; mkdir -p $$dir; \
		start=$$(date +%s); $(BIN) synth --city --people $$people --out $$dir/city --on $(ON) > $$dir/synth.txt || exit 1; \
		echo "$$people people: synth $$(( $$(date +%s) - start )) s"; \
		start=$$(date +%s); $(BIN) population --in $$dir/city --out $$dir/columns --on $(ON) > $$dir/population.txt || exit 1; \
		echo "$$people people: population $$(( $$(date +%s) - start )) s"; \
		DAJIUZHU_COLUMNS=$(CURDIR)/$$dir/columns go test ./internal/screening -run '^$$' -bench 'Screening|Simulate' -benchtime 3x -timeout 60m || exit 1; \
	done

## golden: write the golden files anew, to be read in the diff
golden:
	go test ./cmd/dajiuzhu ./docs ./internal/library ./internal/pack ./internal/rules -update

## library: write the policy in words, docs/library, anew; a test fails while it is not what the pack says
library: $(BIN)
	$(BIN) library --pack packs/dezhou --out docs/library --on $(ON)

fmt:
	gofmt -w cmd internal packs docs

clean:
	rm -rf bin out

$(BIN): FORCE
	@go build -o $@ ./cmd/dajiuzhu

.PHONY: FORCE
FORCE:
