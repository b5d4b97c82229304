// Package synth invents a county or a city and writes it as the departments would deliver it: one folder a feed, each file beside a
// manifest, in the formats that departments really use. Everybody in it is invented. Identity numbers lie in areas that were never
// assigned, manifests say "simulated", and the folder holds a file that says so in words.
//
//	summary, err := synth.Write(ctx, pack, "sample", synth.Options{People: 20_000, On: on})
//	summary, err = synth.Write(ctx, pack, "city", synth.Options{City: true, Workers: 2, Labels: "truth"})
//	checks, err := synth.Verify(ctx, pack, "city", synth.Options{Labels: "truth"})
//
// # The same again
//
// Nothing is drawn from a stream. Every draw is a hash of the seed, the entity and the attribute, so the same options give the same
// bytes, and a change to one attribute moves no other. A county does not depend on which others are made, nor on how many at once; a
// village's people do not depend on the other villages but for two things: their identity numbers, which are counted within the
// county, and who of its candidates a quota of the county takes.
//
// # How a county is made
//
// The [Calibration] says how many people and households the city has, and how many are to die, to hold a benefit, to be recognised. They
// are shared out to counties and villages before anybody is drawn. A village is then made at a time: households are drawn by size and
// type, and filled with people of fitting ages; grown children are matched with old parents in the same village; each life gets
// school, health, an income in truth, work, insurance, means and illness, and from these facts follows what a family needs. That is
// done twice: once to count who may be chosen for what, after which the county's quotas are solved, and once to write. In the second
// round benefits are given to those chosen, some who need help are left without it, and a few have it who do not need it; then the
// departments' smaller registers say what they hold. Shares are those of the published figures where there are any, and are
// otherwise chosen and say so; nothing here is a statistic.
//
// # Truth
//
// What no department knows is written apart, as labels: need, missed need, wrong receipt, contradictions, shocks. They follow from the
// facts alone that were drawn, and never from the rules of a pack.
//
// # Stories
//
// Much help is for few: of the city's mothers who lost their only child, its children with a heart defect or its victims of
// crime, a sample of twenty thousand people holds a fraction of one. To raise the shares until somebody is found would make
// the county a false one. Instead some two dozen families are placed and not drawn, each for the programmes it is named by
// ([Summary] lists them): about sixty people, who weigh in no share but those of the smallest registers. A county of fewer
// than five thousand people has the family of Guozhai alone, and other counties than the sample's have none.
//
// # Honest dirt
//
// Real deliveries are not clean. A stated few rows have a wrong check digit, a day that no calendar has or a code that no
// list has, some settlements come twice, some are reversed, and of some deaths the register of persons has not heard. [Summary] counts
// them, so that a reader's rejects can be held against it. Which they are follows from what stands in the row.
package synth
