// Package synth invents a county and writes it as the departments would deliver it: one folder a feed, each file beside a
// manifest, in the formats that departments really use. Everybody in it is invented. Identity numbers lie in an area that
// was never assigned (371499), manifests say "simulated", and the folder holds a file that says so in words.
//
//	summary, err := synth.Write(ctx, pack, "sample", synth.Options{People: 20_000, On: on})
//
// # The same again
//
// Nothing is drawn from a stream. Every draw is a hash of the seed, the entity and the attribute, so the same options
// give the same bytes, a change to one attribute moves no other, and a village's people do not depend on which other
// villages are made. (One exception: where two invented people come to the same identity number, the later moves on.)
//
// # How a county is made
//
// Places are chosen and given their numbers of people; households are drawn by size and type, and filled with people of
// fitting ages; grown children are matched with old parents in the same village; each life then gets school, work,
// insurance, health and means; latent need decides who is helped, and leaves some who need help without it and a few who
// have help without need. Then the departments' smaller registers say what they hold: who is recognised, who belongs, who
// is graded, assessed or listed, and what other departments give, again with some left out and a few given it astray. Only
// then are rows written. The shares are those of the published figures where there are any, and are otherwise chosen;
// nothing here is a statistic.
//
// # Stories
//
// Much help is for few: of the city's mothers who lost their only child, its children with a heart defect or its victims of
// crime, a sample of twenty thousand people holds a fraction of one. To raise the shares until somebody is found would make
// the county a false one. Instead some two dozen families are placed and not drawn, each for the programmes it is named by
// ([Summary] lists them): about sixty people, who weigh in no share but those of the smallest registers. A county of fewer
// than five thousand people has the family of Guozhai alone.
//
// # Honest dirt
//
// Real deliveries are not clean. A stated few rows have a wrong check digit, a day that no calendar has or a code that no
// list has, some settlements come twice and some are reversed. [Summary] counts them, so that a reader's rejects can be
// held against it.
package synth
