// Package assess reads what one case record states against a legal definition of trafficking in
// persons, and says how the two stand to each other: rows of table assessment.
//
// A Statement is what one version of a record, or one episode, states. Rules are the definitions,
// decoded from YAML: which of our codes count as which of a definition's words, and an ordered
// list of rules whose conditions come from a closed vocabulary. Assess holds the one against the
// others and gives Rows. It is a pure function: no clock, no file, no state, and the same
// statement gives the same rows.
//
// A row is this tool's reading of what a record states. It stands beside the decision of an
// agency or a court and is never made from it, nor put in its place. Consent, borders, attempts
// and whether exploitation took place are said in columns of their own; the vocabulary of the
// rules has no word for them, so that no rule can make a status depend on them.
//
// The package does not read batches: who calls it gathers a record's rows into a Statement, with
// codes resolved once through Rules.Act, Rules.Means and Rules.Purpose.
package assess
