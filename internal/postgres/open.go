package postgres

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"dajiuzhu/internal/fault"
)

// The roles of the database that the program logs in as. They own nothing.
const (
	appRole    = "dajiuzhu_app"    // pages and the API: row-level security holds it
	workerRole = "dajiuzhu_worker" // jobs, over the whole city: it bypasses row-level security, under which PostgreSQL does not COPY into a table
)

var (
	unreachable = fault.Text{
		Key: "postgres.unreachable",
		Zh:  "连不上数据库{where}。请检查数据库是否已启动，地址和口令是否正确",
		En:  "cannot reach the database {where}; see that it runs and that address and password are right",
	}
	tooOld = fault.Text{
		Key: "postgres.too-old",
		Zh:  "数据库版本是{found}，至少要15。请升级PostgreSQL",
		En:  "the database is PostgreSQL {found}; it must be 15 or newer: upgrade it",
	}
	noRoles = fault.Text{
		Key: "postgres.no-roles",
		Zh:  "不能建立数据库角色{role}。请让数据库管理员执行：create role {role} login {attributes}，并允许本程序的用户修改其口令",
		En:  "cannot make the database's role {role}: let its administrator run \"create role {role} login {attributes}\" and let this program's user set its password",
	}
	wrongRole = fault.Text{
		Key: "postgres.wrong-role",
		Zh:  "数据库角色{role}的权限不对，应为：nosuperuser {attributes}。请让数据库管理员改正",
		En:  "the database's role {role} has the wrong rights; they must be nosuperuser {attributes}: let the administrator mend them",
	}
)

// Config says which database.
type Config struct {
	URL  string // the owner's, of a server that runs; empty: a server of our own
	Dir  string // where the own server keeps its data, and the secret from which the roles' passwords are made
	Form int64  // the form to which it is migrated; 0 is the newest. Another is for restoring what had that form
	Own  bool   // an own server must be this program's, not one that another started and will stop
	Fast bool   // for tests: an own server that does not wait for the disk, and so may lose what a failing machine had
	Key  uint32 // with which the program seals, 0 if it does not: each connection holds on to it, so that nobody retires it meanwhile

	Tracer pgx.QueryTracer // is told of every query; nil for nobody
}

// DB is the database, open. It is safe for concurrent use.
type DB struct {
	owner, app, worker *pgxpool.Pool
	url                string
	actingKey          string  // with which the program says who acts
	server             *Server // nil: not ours, or another process's
	clock              func() time.Time
}

// KeepTime has the database decide by a clock whatever it decides by the hour or the day for whoever acts; without it, by the machine's. It is called
// before anything else is.
func (d *DB) KeepTime(clock func() time.Time) { d.clock = clock }

// Open connects to the database, or starts one, and brings it to the newest form. The caller closes it.
func Open(ctx context.Context, c Config) (*DB, error) {
	db, err := open(ctx, c)
	if err != nil && c.URL == "" {
		return nil, told(err, c.Dir)
	}
	return db, err
}

func open(ctx context.Context, c Config) (*DB, error) {
	secret, err := readSecret(c.Dir)
	if err != nil {
		return nil, err
	}
	var server *Server
	url := c.URL
	if url == "" {
		if server, err = StartServer(ctx, c.Dir, passwordOf(secret, ownerRole), c.Own, c.Fast); err != nil {
			return nil, err
		}
		url = server.URL("dajiuzhu")
	}
	db, err := connect(ctx, url, secret, c)
	if err != nil {
		return nil, errors.Join(err, server.Stop())
	}
	db.server = server
	return db, nil
}

// connect opens the pools of a database whose server runs, after migrating it.
func connect(ctx context.Context, url string, secret []byte, c Config) (*DB, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fault.New(fault.Invalid, unreachable, fault.Args{"where": "DATABASE_URL"}).Because(err)
	}
	config.ConnConfig.Tracer = c.Tracer
	owner, err := pool(ctx, config, 4)
	if err != nil {
		return nil, err
	}
	db := &DB{owner: owner, url: url, actingKey: passwordOf(secret, "acting"), clock: time.Now}
	if err := db.prepare(ctx, secret, c.Form); err != nil {
		db.Close()
		return nil, err
	}
	for role, into := range map[string]**pgxpool.Pool{appRole: &db.app, workerRole: &db.worker} {
		as := config.Copy()
		as.ConnConfig.User, as.ConnConfig.Password = role, passwordOf(secret, role)
		if role == appRole { // a page waits longer for helpers to start than they save it, and others want the processors
			as.ConnConfig.RuntimeParams["max_parallel_workers_per_gather"] = "0"
		}
		if c.Key != 0 {
			as.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error { return holdKey(ctx, conn, c.Key) }
		}
		if *into, err = pool(ctx, as, poolSize); err != nil {
			db.Close()
			return nil, err
		}
	}
	return db, nil
}

var (
	keyRetired = fault.Text{
		Key: "postgres.key-retired",
		Zh:  "{id}号密钥已退役，而本程序的密钥文件里它还是最新的。请换用现在的密钥文件",
		En:  "key {id} is retired, and the newest in this program's key file: bring the key file that is in use now",
	}
	keyBusy = fault.Text{
		Key: "postgres.key-busy",
		Zh:  "{id}号密钥正在退役。请稍后再试",
		En:  "key {id} is being retired: try again later",
	}
)

// holdKey makes a connection hold on to the key with which the program seals, until it ends.
func holdKey(ctx context.Context, conn *pgx.Conn, key uint32) error {
	var how string
	if err := conn.QueryRow(ctx, "select hold_sealing_key($1)", int64(key)).Scan(&how); err != nil {
		return fmt.Errorf("holding on to the sealing key: %w", err)
	}
	switch how {
	case "retired":
		return fault.New(fault.Conflict, keyRetired, fault.Args{"id": key})
	case "busy":
		return fault.New(fault.Unready, keyBusy, fault.Args{"id": key})
	}
	return nil
}

// poolSize is the most connections of a role: more only queue inside a small server.
const poolSize = 16

func pool(ctx context.Context, config *pgxpool.Config, size int32) (*pgxpool.Pool, error) {
	config = config.Copy()
	config.MaxConns = size
	config.ConnConfig.RuntimeParams["application_name"] = "dajiuzhu"
	config.ConnConfig.RuntimeParams["timezone"] = "Asia/Shanghai"
	p, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("opening a pool of connections: %w", err)
	}
	if err := p.Ping(ctx); err != nil {
		p.Close()
		var told *fault.Error
		if errors.As(err, &told) {
			return nil, told
		}
		where := fmt.Sprintf("%s/%s (%s)", config.ConnConfig.Host, config.ConnConfig.Database, config.ConnConfig.User)
		return nil, fault.New(fault.Unready, unreachable, fault.Args{"where": where}).Because(err)
	}
	return p, nil
}

// prepare makes the roles and applies the migrations.
func (d *DB) prepare(ctx context.Context, secret []byte, form int64) error {
	var version int
	if err := d.owner.QueryRow(ctx, "select current_setting('server_version_num')::int / 10000").Scan(&version); err != nil {
		return fmt.Errorf("asking the database for its version: %w", err)
	}
	if version < oldestVersion {
		return fault.New(fault.Invalid, tooOld, fault.Args{"found": version})
	}
	if err := d.makeRoles(ctx, secret); err != nil {
		return err
	}
	if err := d.migrate(ctx, form); err != nil {
		return err
	}
	return d.tellActingKey(ctx)
}

// tellActingKey gives the database the key with which the program says who acts. Instances that share the secret have the same.
func (d *DB) tellActingKey(ctx context.Context) error {
	err := pgx.BeginFunc(ctx, d.owner, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "delete from acting_key where key <> $1", d.actingKey); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "insert into acting_key select $1 where not exists (select from acting_key)", d.actingKey)
		return err
	})
	if err != nil {
		return fmt.Errorf("telling the database the key of who acts: %w", withoutStatement(err))
	}
	return nil
}

// makeRoles makes the roles that the program logs in as. Roles belong to the server, so two databases on one may come at once.
func (d *DB) makeRoles(ctx context.Context, secret []byte) error {
	return pgx.BeginFunc(ctx, d.owner, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "select pg_advisory_xact_lock(hashtext('dajiuzhu roles'))"); err != nil {
			return fmt.Errorf("waiting to make the database's roles: %w", err)
		}
		for _, role := range []string{appRole, workerRole} {
			if err := makeRole(ctx, tx, role, passwordOf(secret, role)); err != nil {
				return err
			}
		}
		return nil
	})
}

// makeRole makes a role, or gives the one that is there its password. An owner who may not make a role that bypasses row-level security finds it
// made by somebody who may.
func makeRole(ctx context.Context, tx pgx.Tx, role, password string) error {
	var exists, super, bypasses bool
	err := tx.QueryRow(ctx, `select count(*) > 0, coalesce(bool_or(rolsuper), false), coalesce(bool_or(rolbypassrls), false)
		from pg_roles where rolname = $1`, role).Scan(&exists, &super, &bypasses)
	if err != nil {
		return fmt.Errorf("looking for the database's role %s: %w", role, err)
	}
	attributes := "nobypassrls"
	if role == workerRole {
		attributes = "bypassrls"
	}
	verb := "create role " + role + " login nosuperuser nocreatedb nocreaterole " + attributes
	if exists {
		verb = "alter role " + role + " login"
	}
	if exists && (super || bypasses != (role == workerRole)) {
		return fault.New(fault.Conflict, wrongRole, fault.Args{"role": role, "attributes": attributes})
	}
	// Neither a role's name nor its password can be a parameter; both are of our own making, letters and hexadecimal digits.
	if _, err := tx.Exec(ctx, fmt.Sprintf("%s password '%s'", verb, password)); err != nil {
		return fault.New(fault.Unready, noRoles, fault.Args{"role": role, "attributes": attributes}).Because(withoutStatement(err))
	}
	return nil
}

// passwordOf is a role's password. All instances that share the secret come to the same.
func passwordOf(secret []byte, role string) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(role))
	return hex.EncodeToString(mac.Sum(nil))
}

// readSecret reads the folder's secret, and makes it where there is none.
func readSecret(dir string) ([]byte, error) {
	name := filepath.Join(dir, "secret")
	secret, err := os.ReadFile(name)
	if err == nil {
		return secret, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading the database's secret: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("making the folder of the database: %w", err)
	}
	secret = make([]byte, 32)
	rand.Read(secret)
	return writeSecret(name, secret)
}

// writeSecret writes the secret unless another process was first, whose it then is.
func writeSecret(name string, secret []byte) ([]byte, error) {
	temp, err := os.CreateTemp(filepath.Dir(name), ".secret") // only its maker may read it
	if err != nil {
		return nil, fmt.Errorf("writing the database's secret: %w", err)
	}
	defer os.Remove(temp.Name())
	_, err = temp.Write(secret)
	if err = errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return nil, fmt.Errorf("writing the database's secret: %w", err)
	}
	if err := os.Link(temp.Name(), name); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("writing the database's secret: %w", err)
	}
	return os.ReadFile(name)
}

// As runs a transaction in the name of a principal, under the role that row-level security holds. An error rolls it back.
func (d *DB) As(ctx context.Context, p Principal, do func(pgx.Tx) error) error {
	return again(pgx.BeginFunc(ctx, d.app, func(tx pgx.Tx) error {
		if err := p.act(ctx, tx, d.actingKey, d.clock()); err != nil {
			return err
		}
		return do(tx)
	}))
}

// Snapshot is [DB.As] for what reads much, part by part, as it stands at one moment. It writes nothing.
func (d *DB) Snapshot(ctx context.Context, p Principal, do func(pgx.Tx) error) error {
	return again(pgx.BeginTxFunc(ctx, d.app, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		if err := p.act(ctx, tx, d.actingKey, d.clock()); err != nil {
			return err
		}
		return do(tx)
	}))
}

// Work runs a transaction of a job, which acts for the platform over the whole city. An error rolls it back.
func (d *DB) Work(ctx context.Context, do func(pgx.Tx) error) error {
	return again(pgx.BeginFunc(ctx, d.worker, do))
}

// Querier runs statements: a transaction, or each by itself.
type Querier interface {
	Exec(ctx context.Context, statement string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, query string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, query string, args ...any) pgx.Row
}

// Single is [DB.Work] of which each statement is a transaction by itself: for what is asked with every page.
func (d *DB) Single(ctx context.Context, do func(Querier) error) error { return again(do(d.worker)) }

// reading begins a transaction that reads one state of the database, with plans that are made once and not for each query: these cost more than
// queries that find a few rows each by an index.
var reading = pgx.TxOptions{BeginQuery: "begin isolation level repeatable read read only; set local plan_cache_mode = force_generic_plan"}

// Read is [DB.Work] of a job that looks at one household or person, as everything stood at one moment, and writes nothing.
func (d *DB) Read(ctx context.Context, do func(pgx.Tx) error) error {
	return again(pgx.BeginTxFunc(ctx, d.worker, reading, do))
}

// WorkAs is [DB.Work] on somebody's behalf: it sees the whole city, and what it records names them.
func (d *DB) WorkAs(ctx context.Context, p Principal, do func(pgx.Tx) error) error {
	return d.Work(ctx, func(tx pgx.Tx) error {
		if err := p.act(ctx, tx, d.actingKey, d.clock()); err != nil {
			return err
		}
		return do(tx)
	})
}

var away = fault.Text{
	Key: "postgres.away",
	Zh:  "数据库暂时不可用，请稍后再试",
	En:  "the database is away for now: try again later",
}

// again makes an error of a connection, after which the transaction may be run again by whoever may do it twice, a fault of kind Unready. A
// fault of somebody else's stays what it is. If the connection broke at the commit, it is not known whether it took place.
func again(err error) error {
	var told *fault.Error
	if err == nil || errors.As(err, &told) || errors.Is(err, context.Canceled) || !broken(err) {
		return err
	}
	return fault.New(fault.Unready, away, nil).Because(err)
}

// broken reports whether an error is the connection's, or says that the server stops, starts or has no room for another connection.
func broken(err error) bool {
	var connect *pgconn.ConnectError
	var network net.Error
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		switch refused.Code {
		case "57P01", "57P02", "57P03", "53300": // admin_shutdown, crash_shutdown, cannot_connect_now, too_many_connections
			return true
		}
		return strings.HasPrefix(refused.Code, "08")
	}
	return errors.As(err, &connect) || errors.As(err, &network) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) ||
		errors.Is(err, net.ErrClosed)
}

// Worker is the pool of jobs, for a queue or a listener that keeps connections of its own.
func (d *DB) Worker() *pgxpool.Pool { return d.worker }

// Own is the owner's pool: for commands of an administrator on the machine, and never for a page.
func (d *DB) Own() *pgxpool.Pool { return d.owner }

// URL is where the owner finds the database, password and all: for psql on the machine, and never for a log.
func (d *DB) URL() string { return d.url }

// Close ends all connections, and the server if this process started it.
func (d *DB) Close() error {
	for _, p := range []*pgxpool.Pool{d.app, d.worker, d.owner} {
		if p != nil {
			p.Close()
		}
	}
	return d.server.Stop()
}

// patience is how long a starting server is waited for.
const patience = 60 * time.Second
