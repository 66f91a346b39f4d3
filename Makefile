# Everything here is a short name for a command that works without it.

PREFIX ?= /usr/local
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null)

.PHONY: build test install uninstall man notices bench bench-send bench-web bench-import bench-million bench-ledger bench-scale torture storm vuln

build:
	go build -trimpath -ldflags "-X main.version=$(VERSION)" -o bin/publisher ./cmd/publisher

test:
	go test ./...

install: build man
	install -D -m 755 bin/publisher $(DESTDIR)$(PREFIX)/bin/publisher
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/doc/publisher README.md LICENSE THIRD_PARTY_NOTICES.txt
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man1 bin/man/*.1
	for unit in publisher.service publisher-run.service publisher-run.timer; do \
		install -d $(DESTDIR)$(PREFIX)/lib/systemd/system && \
		sed 's|/usr/local|$(PREFIX)|g' packaging/$$unit > $(DESTDIR)$(PREFIX)/lib/systemd/system/$$unit || exit 1; \
	done

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/publisher
	rm -rf $(DESTDIR)$(PREFIX)/share/doc/publisher
	rm -f $(DESTDIR)$(PREFIX)/share/man/man1/publisher.1 $(DESTDIR)$(PREFIX)/share/man/man1/publisher-*.1
	rm -f $(DESTDIR)$(PREFIX)/lib/systemd/system/publisher.service \
		$(DESTDIR)$(PREFIX)/lib/systemd/system/publisher-run.service \
		$(DESTDIR)$(PREFIX)/lib/systemd/system/publisher-run.timer

# The manual pages of all commands.
man: build
	bin/publisher man bin/man

# The licenses of everything that is built into the program.
notices:
	go run ./internal/notices > THIRD_PARTY_NOTICES.txt

bench: build
	go test -run '^$$' -bench . -benchmem ./...
	go run ./internal/benchfeeds bin/publisher

# As many mails as one machine sends, beside Postfix's smtp-source where that is
# installed (Debian's package postfix).
bench-send: build
	go run ./internal/benchsend bin/publisher

# Requests a second for a feed, beside a bare handler of net/http, and beside nginx where
# that is installed (Debian's package nginx-light).
bench-web: build
	go run ./internal/benchweb bin/publisher

# How many rows a second are imported, beside sqlite3's .import where that is installed
# (Debian's package sqlite3).
bench-import: build
	go run ./internal/benchimport bin/publisher

# How much memory and time a million subscribers take, to import and to mail.
bench-million: build
	go run ./internal/benchsend -alone -recipients 1000000 bin/publisher

# The durable step alone: mails a second in PostgreSQL (Debian's package postgresql) beside SQLite, and
# the processor time, log and syncs that a mail costs the server. The disk's syncs decide the speed.
bench-ledger:
	PUBLISHER_POSTGRES=required go test -tags postgres -run '^$$' -bench Step -benchtime 20000x ./internal/ledger/postgres

# A ledger in PostgreSQL (Debian's package postgresql) beside one in SQLite: what subscribers and
# deliveries take, and how many mails a second several processes send. docs/scale.md has the
# numbers of a million: SCALE="-subscribers 1000000".
bench-scale: build
	go run ./internal/benchscale $(SCALE) bin/publisher

# The crash tests at length: 20,000 mails, killed 200 times; everything at once, killed 100
# times (PUBLISHER_SEED chooses other moments); 200 editions to 20,000 from several processes on
# PostgreSQL, which are killed, stopped and cut off (PUBLISHER_RECIPIENTS for fewer); three days
# of posting, signing up and crashing, and a year in which another machine leads each week, by
# clocks that the tests move; and a million random walks of the ledger beside its model.
torture:
	for kind in resend hold leader networks; do \
		PUBLISHER_TORTURE=50 PUBLISHER_POSTGRES=required go test -count=1 -timeout 6h -v -tags postgres -run "TestFleetTorturePostgreSQL/$$kind" ./cmd/publisher || exit 1; \
	done
	PUBLISHER_TORTURE=100 go test -count=1 -timeout 60m -v -run TestKilledWhileEverything ./cmd/publisher
	PUBLISHER_TORTURE=200 go test -count=1 -timeout 60m -v -run "TestKilledWhile(Sending|Importing)" ./cmd/publisher
	PUBLISHER_SIMULATED_HOURS=72 PUBLISHER_SIMULATED_DAYS=365 PUBLISHER_POSTGRES=required go test -count=1 -timeout 60m -v -tags postgres -run "TestDays|TestAYear" ./internal/service
	PUBLISHER_WALKS=1000000 go test -count=1 -timeout 6h -run TestWalks ./internal/ledger/sqlite

# Everything at once: an edition of 20,000, 1,100 connections held open, a feed polled 50
# times a second, 10,000 sign-ups a minute.
storm: build
	go run ./internal/storm bin/publisher

# Known faults in the dependencies and in Go itself, as far as this code reaches them.
# It needs the database at vuln.go.dev, or another that GOVULNDB names.
GOVULNCHECK ?= golang.org/x/vuln/cmd/govulncheck@v1.9.0

vuln:
	@out=$$(go run $(GOVULNCHECK) ./... 2>&1); code=$$?; printf '%s\n' "$$out"; \
	case "$$out" in *"fetching vulnerabilities"*) \
		echo "nothing was checked: the database of known faults cannot be reached from here; run make vuln where it can, or set GOVULNDB" >&2 ;; \
	esac; exit $$code
