// Package narrow keeps columns of integers, most of which say the same of nearly everybody, in few bytes.
//
// A [Column] is a row of chunks. [Column.Append] looks at a chunk's lanes and keeps them in the narrowest form that gives
// them back exactly: one value for all; a bit a lane; one, two or four bytes a lane as multiples above the least; or the
// commonest value with a list of the lanes that differ. [Column.Read] writes them out again, and says where one value
// stands for all, so that whoever computes can do so once.
//
// Lanes that are not known have no value: what Read leaves in them is always the same for the same chunk, and means nothing.
//
//	var c narrow.Column
//	c.Append(num, known)           // a chunk of len(num) lanes
//	same := c.Read(0, num, known)  // same: only lane 0 was written
//
// A bitmap is the column of what is known and has no value: [Column.AppendBits] and [Column.ReadBits].
package narrow
