package ledger

import "dajiuzhu/internal/fault"

// What may be wrong with a ledger. No text quotes what an act holds.
var (
	actChanged = fault.Text{
		Key: "ledger.act-changed",
		Zh:  "存证记录{leaf}：第{act}号行为被改动，与记录当时不一致。请封存数据库，用备份核对",
		En:  "leaf {leaf}: act {act} is not what it was when it was recorded; keep the database as it is and compare it with a backup",
	}
	actGone = fault.Text{
		Key: "ledger.act-gone",
		Zh:  "存证记录{leaf}：第{act}号行为已被删除。请从备份恢复",
		En:  "leaf {leaf}: act {act} was removed; restore it from a backup",
	}
	leafGone = fault.Text{
		Key: "ledger.leaf-gone",
		Zh:  "存证记录{leaf}已被删除（缺{leaf}至{last}）。请从备份恢复",
		En:  "leaf {leaf} was removed (missing: {leaf} to {last}); restore it from a backup",
	}
	leafChanged = fault.Text{
		Key: "ledger.leaf-changed",
		Zh:  "存证记录{leaf}与哈希树不符：被改动、调换或插入，或者树中的哈希被改动",
		En:  "leaf {leaf} is not what the tree holds: it was changed, exchanged or put in, or its hash was changed",
	}
	hashChanged = fault.Text{
		Key: "ledger.hash-changed",
		Zh:  "存证记录{leaf}至{last}之上的哈希被改动",
		En:  "a hash above the leaves {leaf} to {last} was changed",
	}
	hashGone = fault.Text{
		Key: "ledger.hash-gone",
		Zh:  "存证记录{leaf}之上的哈希缺失：瓦片文件{file}不在或不完整",
		En:  "a hash above leaf {leaf} is missing: the tile {file} is not there or not whole",
	}
	headGone = fault.Text{
		Key: "ledger.head-gone",
		Zh:  "存证记录{leaf}起没有树头：树头被删除或改动",
		En:  "the leaves from {leaf} have no head: it was removed or changed",
	}
	headChanged = fault.Text{
		Key: "ledger.head-changed",
		Zh:  "存证记录{leaf}至{last}的树头被改动，与记录不符",
		En:  "the head over the leaves {leaf} to {last} was changed: it does not follow from them",
	}
	headUnsigned = fault.Text{
		Key: "ledger.head-unsigned",
		Zh:  "存证记录{leaf}至{last}的检查点签名不成立，或与树头不符",
		En:  "the checkpoint over the leaves {leaf} to {last} is not signed by the key, or not of this head",
	}
	leafless = fault.Text{
		Key: "ledger.act-without-leaf",
		Zh:  "第{act}号行为没有存证记录：它是另行插入的，或其存证记录被删除",
		En:  "act {act} has no leaf: it was put in by other ways, or its leaf was removed",
	}
	skipped = fault.Text{
		Key: "ledger.leaf-without-place",
		Zh:  "第{act}号行为的存证记录早已写入却没有排入序列：其序号被删除",
		En:  "the leaf of act {act} was written long ago and has no place in the order: its place was removed",
	}
	waitingChanged = fault.Text{
		Key: "ledger.waiting-changed",
		Zh:  "第{act}号行为尚待排入序列，却已被改动或删除",
		En:  "act {act} still waits for its place, and was changed or removed already",
	}
	shorter = fault.Text{
		Key: "ledger.shorter",
		Zh:  "日志被截断：先前的检查点有{earlier}条存证记录，现在只有{size}条，从存证记录{leaf}起缺失",
		En:  "the ledger was cut: an earlier checkpoint has {earlier} leaves, and now there are {size}; the first missing is leaf {leaf}",
	}
	forked = fault.Text{
		Key: "ledger.forked",
		Zh:  "日志被改写：存证记录{leaf}至{last}之中有与先前检查点不一致的",
		En:  "the ledger was rewritten: among the leaves {leaf} to {last} some are not those of an earlier checkpoint",
	}
	leafOther = fault.Text{
		Key: "ledger.leaf-other",
		Zh:  "存证记录{leaf}与先前导出的不同：日志被改写",
		En:  "leaf {leaf} is not that of the earlier export: the ledger was rewritten",
	}
	rootOther = fault.Text{
		Key: "ledger.root-other",
		Zh:  "存证记录{leaf}至{last}算不出检查点的根：其中有被改动的",
		En:  "the leaves {leaf} to {last} do not make the checkpoint's root: some were changed",
	}
	unwitnessed = fault.Text{
		Key: "ledger.unwitnessed",
		Zh:  "见证人{witness}没有见证过这个检查点，或签名不成立。请向该见证人索取它见证过的检查点，用 --earlier 核对",
		En:  "the witness {witness} has not cosigned this checkpoint, or its signature does not hold: ask that witness for the checkpoint that it cosigned, and hold the ledger against it by --earlier",
	}
	unwitnessedSince = fault.Text{
		Key: "ledger.unwitnessed-since",
		Zh:  "见证人{witness}从存证记录{leaf}起已有一小时以上没有见证。请查明是连接不上，还是它拒绝了",
		En:  "the witness {witness} has cosigned nothing from leaf {leaf} on for more than an hour: find out whether it is out of reach or refuses",
	}
	badFile = fault.Text{
		Key: "ledger.bad-file",
		Zh:  "导出文件{file}缺失或无法读取。请重新导出",
		En:  "the exported file {file} is missing or cannot be read: export again",
	}
	strayAct = fault.Text{
		Key: "ledger.stray-act",
		Zh:  "导出的第{act}号行为标为存证记录{leaf}，而日志中没有这个位置，或次序不对",
		En:  "the exported act {act} is said to be leaf {leaf}, which the ledger does not have, or which is out of order",
	}
)
