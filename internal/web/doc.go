// Package web is the platform's pages over HTTP: signing in, the status page, health and readiness, and the ledger's tiles.
//
//	site, err := web.New(web.Config{DB: db, Access: access, Log: log, Checks: checks, Record: record})
//	http.Serve(listener, site.Handler())
//
// Every page stands in one table, [routes], with who may call it; what does not stand there does not exist. Pages are made on the server and
// work without scripts, of which the content security policy allows none. Requests that change something come from our own pages only.
// The access log has no query, no address of a visitor and no name.
package web
