package ingest

import "io"

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

// ReadMended takes a download apart: the numbers of each sheet's rows, and the rows.
func ReadMended(in io.Reader) (ids [][]int64, rows [][][]string, err error) {
	sheets, err := readMended(in)
	for _, s := range sheets {
		ids, rows = append(ids, s.ids), append(rows, s.rows)
	}
	return ids, rows, err
}

// SetUploadLimits lets tests reach how much is taken at once; it returns what it was.
func SetUploadLimits(bytes int64, files int) (int64, int) {
	was := uploadLimits
	uploadLimits.bytes, uploadLimits.files = bytes, files
	return was.bytes, was.files
}
