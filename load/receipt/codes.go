package receipt

import "palermo/diag"

// unseen is the codes that no agency is told of: they are about the home, its mappings and the work of its
// stewards. Each other code has its texts in every catalogue; a test fails while a new code is in
// neither.
var unseen = map[diag.Code]bool{
	diag.FileNoAgency:        true, // nobody knows whose it is, so nobody gets a receipt
	diag.HomeNewer:           true,
	diag.AgreementEnds:       true,
	diag.AgreementEnded:      true,
	diag.TelemetryUnsent:     true,
	diag.MappingSyntax:       true,
	diag.MappingField:        true,
	diag.MappingTarget:       true,
	diag.MappingCodes:        true,
	diag.MappingCode:         true,
	diag.MappingRule:         true,
	diag.MappingRepeated:     true,
	diag.MappingIncomplete:   true,
	diag.MappingUnreadable:   true,
	diag.ConfigSyntax:        true,
	diag.HomeKeyMissing:      true,
	diag.HomeReadOnly:        true,
	diag.HomeDiskFull:        true,
	diag.HomeLocked:          true,
	diag.BalanceBroken:       true,
	diag.LakeEntryUnreadable: true,
	diag.SnapshotUnreadable:  true,
	diag.ReviewSheet:         true,
	diag.ReviewPair:          true,
	diag.ReviewChanged:       true,
	diag.ReviewVerdict:       true,
	diag.ReviewRepeated:      true,
	diag.LinkReleased:        true,
	diag.LinkColumn:          true,
	diag.LinkID:              true,
	diag.LinkSyntax:          true,
	diag.LinkNothing:         true,
	diag.LinkTruth:           true,
	diag.LinkModel:           true,
}

// informs is the warnings that ask nothing of an agency: something was seen, and all was kept.
var informs = map[diag.Code]bool{
	diag.FileChanging:    true,
	diag.SheetUnmapped:   true,
	diag.ColumnExtra:     true,
	diag.KeyDuplicate:    true,
	diag.SubmissionUnfit: true,
	diag.TemplateVersion: true,
}

// Seen reports whether an agency is told of such findings.
func Seen(c diag.Code) bool { return !unseen[c] }

// toFix reports whether the finding asks something of the agency.
func toFix(f Finding) bool { return f.Severity > diag.Info && !informs[f.Code] }

// SkipReasons is every reason for which a row may be skipped.
var SkipReasons = []string{"blank_row", "blank_cell", "total_row", "footnote", "repeated_header", "repeated_table", "no_consent", "withdrawn", "unmapped_sheet", "waiting", "template", "superseded", "purged", "other"}
