// Package mappings says, per source and vintage, what a table's columns and words mean: a
// Mapping is decoded strictly from mapping.yaml and the codes files beside it, keeps the place
// of each of its parts, and recognises the tables it is for by what they contain.
//
// What a table asks (Asked) can be asked of an agency in an empty workbook, and a mapping can be had as it
// reads such a workbook (Filled).
//
// A mapping holds no Go, no expression and no template: what the closed list of blocks cannot
// say is a named rule in transform. The package does not read source files and does not apply
// anything; it checks what can be checked against the schema alone. Rules are checked by
// transform, which has them.
package mappings
