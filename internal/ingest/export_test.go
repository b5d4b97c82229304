package ingest

// SetLargeLoad lets tests fill tables as large deliveries do; it returns what it was.
func SetLargeLoad(bytes int64) (was int64) {
	was, largeLoad = largeLoad, bytes
	return was
}

// SetMostRejects lets tests reach the most rows of a delivery that are set aside; it returns what it was.
func SetMostRejects(rows int) (was int) {
	was, mostRejects = mostRejects, rows
	return was
}

// ReadMended takes a download apart.
var ReadMended = readMended
