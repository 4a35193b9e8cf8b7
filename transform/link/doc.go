// Package link finds records of the same person: unsupervised, deterministic, and so that each
// decision can be argued with.
//
// A Table is records as columns of words. A Spec says which column is what (Field), which pairs
// are looked at (Rule), and how a pair is compared (Comparison, a ladder of Levels). Open compiles
// the two into a Linker: it standardises each distinct word once, makes integer keys, and knows
// the number of pairs, and what the caps cost, before there is any pair.
//
// Fit streams all pairs, reduces each to a pattern of levels, and estimates a Model from the
// counts of the patterns alone; in it, a comparison that says in part what another says depends on
// that one. Score streams the pairs again and weighs each by the model: a Pair keeps its levels, and
// the bits of its Evidence sum to its weight. Cluster joins pairs into persons under Constraints;
// Episodes parts one person's records into episodes.
//
// All of it is a pure function of its arguments: no clock, no file, no state, the same result for
// any order of records and any number of threads. Counts are integers, and sums of floats run in a
// fixed order. Scoring a pair needs the two records and the model, nothing else, so that another
// engine can call it.
//
// The package does not read files, does not know the schema, and does not say what a person's
// values are: who calls it does. Its notions follow Fellegi and Sunter (1969): m and u are the
// probabilities of a level among pairs of one person and of two, a weight is the sum of
// log2(m/u).
package link
