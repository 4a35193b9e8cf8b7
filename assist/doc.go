// Package assist proposes what the columns and words of a table could mean. It never decides: what is below
// the line of certainty is a question, and a person answers it.
//
// A Table is a sheet as text: its header and a profile of each column. A Lexicon knows what fields and codes are
// called: in the schema's own words, in the languages of fields.csv and of the code lists, and as other mappings
// have decided; concepts.csv says which words are others for one thing. Suggest holds the one against the other and gives Proposals; Draft writes them as a mapping; Nearest
// says which known source a table is most like; Drift how it differs from it.
//
// Everything is worked out on the machine, from the table and the mappings alone, in the same way each time. The
// package opens no file, and knows nothing of persons: what may be shown of a column is for its caller to say.
package assist
