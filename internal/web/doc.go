// Package web is the platform's pages over HTTP: signing in, the status page, health and readiness, and the ledger's tiles.
//
//	site, err := web.New(web.Config{DB: db, Access: access, Log: log, Checks: checks, Record: record})
//	http.Serve(listener, site.Handler())
//
// Every page is a [Route] with who may call it; what does not stand there does not exist. Pages are made on the server and work without scripts;
// those that the content security policy allows are our own files. Requests that change something come from our own pages only.
//
// Pages that belong together are a package below this one, which gives its [Pages]: it parses its templates once with [ParseTemplates], and each of
// its handlers gets a [Visit], asks the database in the visitor's name, and ends in [Visit.Render] or [Visit.Redirect], or returns a fault, which
// the site explains. A page's template defines "title" and "main" and sees a [View].
// The access log has no query, no address of a visitor and no name.
package web
