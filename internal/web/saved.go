package web

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/ledger"
)

// SavedView is a list as somebody wants to see it again.
type SavedView struct {
	ID   int64
	Name string
	To   string // the list with its filters
	At   bool   // it is what is shown
}

const (
	mostViews       = 20  // of a list
	longestViewName = 30  // letters
	longestQuery    = 500 // bytes
)

var (
	noList    = fault.Text{Key: "web.no-list", Zh: "这个页面的筛选不能保存", En: "of this page no view is kept"}
	badName   = fault.Text{Key: "web.bad-view-name", Zh: "请给视图起个名字，最多{most}个字", En: "give the view a name of at most {most} letters"}
	longQuery = fault.Text{Key: "web.long-query", Zh: "筛选条件太长，保存不了", En: "the filters are too long to be kept"}
	manyViews = fault.Text{Key: "web.many-views", Zh: "这个列表已有{most}个视图，请先删掉不用的", En: "there are {most} views of this list: drop some that you do not use"}
)

// Views are the visitor's own views of the list that is shown; none of a page that is no list ([Route.List]).
func (v View) Views() ([]SavedView, error) {
	if v.Session.Account == 0 || !v.site.lists[v.Path()] {
		return nil, nil
	}
	if v.viewed {
		return v.views, nil
	}
	var all []SavedView
	now := filters(v.R.URL.Query())
	err := v.site.DB.As(v.R.Context(), v.Principal(""), func(tx pgx.Tx) error {
		rows, err := tx.Query(v.R.Context(), "select id, name, query from page_view where account = acting_account() and path = $1 order by name, id", v.Path())
		if err != nil {
			return fmt.Errorf("reading the views of a list: %w", err)
		}
		all, err = pgx.CollectRows(rows, func(r pgx.CollectableRow) (s SavedView, err error) {
			var query string
			err = r.Scan(&s.ID, &s.Name, &query)
			s.To, s.At = v.Path()+"?"+query, query == now
			return s, err
		})
		if err != nil {
			return fmt.Errorf("reading the views of a list: %w", err)
		}
		return nil
	})
	v.views, v.viewed = all, err == nil
	return all, err
}

// Filters is what a form keeps a view by.
func (v View) Filters() string { return filters(v.R.URL.Query()) }

// filters are a list's, in the order of their names, without the place in the list and what is empty.
func filters(q url.Values) string {
	kept := url.Values{}
	for name, values := range q {
		for _, value := range values {
			if name != "after" && value != "" {
				kept.Add(name, value)
			}
		}
	}
	return kept.Encode()
}

// saveView keeps a view of a list that the visitor may see.
func (s *Site) saveView(v *Visit) error {
	path, name := v.R.PostFormValue("path"), strings.TrimSpace(v.R.PostFormValue("name"))
	asked, err := url.ParseQuery(v.R.PostFormValue("query"))
	query := filters(asked)
	switch {
	case err != nil || !s.lists[path]:
		return fault.New(fault.Invalid, noList, nil)
	case name == "" || utf8.RuneCountInString(name) > longestViewName:
		return fault.New(fault.Invalid, badName, fault.Args{"most": longestViewName})
	case len(query) > longestQuery:
		return fault.New(fault.Invalid, longQuery, nil)
	}
	return v.Act("", func(ctx context.Context, tx pgx.Tx) (string, error) {
		var n int
		if err := tx.QueryRow(ctx, "select count(*) from page_view where account = acting_account() and path = $1 and name <> $2", path, name).Scan(&n); err != nil {
			return "", fmt.Errorf("counting the views of a list: %w", err)
		}
		if n >= mostViews {
			return "", fault.New(fault.Conflict, manyViews, fault.Args{"most": mostViews})
		}
		if _, err := tx.Exec(ctx, "delete from page_view where account = acting_account() and path = $1 and name = $2", path, name); err != nil {
			return "", fmt.Errorf("making room for a view: %w", err)
		}
		if _, err := tx.Exec(ctx, "insert into page_view (path, query, name) values ($1, $2, $3)", path, query, name); err != nil {
			return "", fmt.Errorf("keeping a view: %w", err)
		}
		return path + "?" + query, viewAct(ctx, tx, v, "view.keep", path)
	})
}

// dropView forgets a view of the visitor's own.
func (s *Site) dropView(v *Visit) error {
	id, err := strconv.ParseInt(v.R.PathValue("id"), 10, 64)
	if err != nil {
		return fault.New(fault.NotFound, noSuchPage, nil)
	}
	return v.Act("", func(ctx context.Context, tx pgx.Tx) (path string, err error) {
		err = tx.QueryRow(ctx, "delete from page_view where account = acting_account() and id = $1 returning path", id).Scan(&path)
		if errors.Is(err, pgx.ErrNoRows) {
			return "", fault.New(fault.NotFound, noSuchPage, nil)
		}
		if err != nil {
			return "", fmt.Errorf("forgetting a view: %w", err)
		}
		return path, viewAct(ctx, tx, v, "view.drop", path)
	})
}

func viewAct(ctx context.Context, tx pgx.Tx, v *Visit, kind, path string) error {
	_, err := ledger.Record(ctx, tx, ledger.Act{Kind: kind, Subject: fmt.Sprintf("account:%d", v.Session.Account), Detail: map[string]any{"list": path}})
	return err
}
