package access

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/fault"
)

var (
	badToken = fault.Text{
		Key: "access.bad-token",
		Zh:  "令牌无效、已过期或已停用，或岗位已变。请在“数据报送”页面重新生成",
		En:  "the token is wrong, has ended or was revoked, or the posting has changed: make another one on the page of feeds",
	}
	tokenName = fault.Text{
		Key: "access.token-name",
		Zh:  "请写明由哪个程序使用（最多{limit}个字），有效期1到{days}天",
		En:  "say which program uses it, in at most {limit} characters, and let it end after 1 to {days} days",
	}
	noToken = fault.Text{Key: "access.no-token", Zh: "没有这个令牌，或已停用", En: "there is no such token, or it was revoked"}
)

// Limits of a token.
const (
	longestTokenName = 60
	longestTokenLife = 366 // days
)

// tokenMark begins each token, so that one that lies about is known for what it is.
const tokenMark = "djz_"

// Token is by which a program delivers in the name of a posting of an account, and does nothing else.
type Token struct {
	ID      int64
	Name    string // of the program
	Posting int64
	MadeAt  time.Time
	EndsAt  time.Time
	UsedAt  time.Time // zero: never
}

// NewToken makes a token for the posting in which a session acts, and returns it: it is shown this once, and only its digest is kept.
func (a *Access) NewToken(ctx context.Context, s Session, name string, days int) (plain string, err error) {
	if !s.May(Deliver) {
		return "", fault.New(fault.Forbidden, noSuchPosting, nil)
	}
	if name = strings.TrimSpace(name); name == "" || len([]rune(name)) > longestTokenName || days < 1 || days > longestTokenLife {
		return "", fault.New(fault.Invalid, tokenName, fault.Args{"limit": longestTokenName, "days": longestTokenLife})
	}
	ticket, err := a.ticket()
	if err != nil {
		return "", err
	}
	plain = tokenMark + ticket
	now := a.clock()
	err = a.db.WorkAs(ctx, s.Principal(""), func(tx pgx.Tx) error {
		var id int64
		err := tx.QueryRow(ctx, `insert into delivery_token (digest, account, posting, name, made_at, ends_at) values ($1, $2, $3, $4, $5, $6) returning id`,
			digestOf(plain), s.Account, s.Posting.ID, name, now, now.AddDate(0, 0, days)).Scan(&id)
		if err != nil {
			return fmt.Errorf("making a token: %w", err)
		}
		return ledgerAct(ctx, tx, "token.make", s.Account, map[string]any{"token": id, "days": days})
	})
	return plain, err
}

// Tokens are an account's tokens that have not ended, the newest first.
func (a *Access) Tokens(ctx context.Context, s Session) (all []Token, err error) {
	err = a.db.Work(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select id, name, posting, made_at, ends_at, coalesce(used_at, '0001-01-01') from delivery_token
			where account = $1 and revoked_at is null and ends_at > $2 order by id desc`, s.Account, a.clock())
		if err != nil {
			return err
		}
		all, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Token])
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading an account's tokens: %w", err)
	}
	return all, nil
}

// RevokeToken ends one of an account's own tokens.
func (a *Access) RevokeToken(ctx context.Context, s Session, id int64) error {
	return a.db.WorkAs(ctx, s.self(), func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, "update delivery_token set revoked_at = $3 where id = $1 and account = $2 and revoked_at is null", id, s.Account, a.clock())
		if err != nil {
			return fmt.Errorf("revoking a token: %w", err)
		}
		if tag.RowsAffected() == 0 {
			return fault.New(fault.NotFound, noToken, nil)
		}
		return ledgerAct(ctx, tx, "token.revoke", s.Account, map[string]any{"token": id})
	})
}

// Delivering is the session of a token as it stands now. Whoever takes it lets it deliver, and nothing else.
func (a *Access) Delivering(ctx context.Context, plain string) (s Session, err error) {
	err = a.db.Work(ctx, func(tx pgx.Tx) error {
		now := a.clock()
		var id, posting int64
		err := tx.QueryRow(ctx, `select t.id, t.posting, a.id, a.login, a.name, a.staff, t.ends_at from delivery_token t join account a on a.id = t.account
			where t.digest = $1 and t.ends_at > $2 and t.revoked_at is null and a.disabled_at is null`, digestOf(plain), now).
			Scan(&id, &posting, &s.Account, &s.Login, &s.Name, &s.Staff, &s.EndsAt)
		if errors.Is(err, pgx.ErrNoRows) {
			return fault.New(fault.Forbidden, badToken, nil)
		}
		if err != nil {
			return fmt.Errorf("looking for a token: %w", err)
		}
		if s.Postings, err = postingsOn(ctx, tx, s.Account, dayOf(now)); err != nil {
			return err
		}
		if s.Posting = choose(s.Postings, posting); s.Posting.ID == 0 || !s.Posting.Role.May(Deliver) {
			return fault.New(fault.Forbidden, badToken, nil)
		}
		if _, err := tx.Exec(ctx, "update delivery_token set used_at = $2 where id = $1 and (used_at is null or used_at < $3)", id, now, now.Add(-seenEvery)); err != nil {
			return fmt.Errorf("noting that a token was used: %w", err)
		}
		return nil
	})
	if err != nil {
		return Session{}, err
	}
	return s, nil
}
