package diag

// Code names a kind of finding. Codes are stable: scripts and agencies rely on them.
type Code string

// Entry is what the manual says of a code.
type Entry struct {
	Severity Severity
	Meaning  string // what was found
	Advice   string // what to do about it
}

// The codes, by what they are about: the file, its tables, its columns, its values, the mapping,
// the home.
const (
	FileUnsafe       Code = "file.unsafe"        // not a plain file: a link, a device, several names
	FileChanging     Code = "file.changing"      // grew while it was copied
	FileTooLarge     Code = "file.too_large"     // over the configured size
	FileEmpty        Code = "file.empty"         // no bytes, or no cells
	FileDamaged      Code = "file.damaged"       // the container cannot be read to its end
	FileFormat       Code = "file.format"        // a kind of file that is not read
	FileEncoding     Code = "file.encoding"      // bytes that are no text in the encoding found
	FileEncodingUsed Code = "file.encoding_used" // the encoding was found from the bytes
	FileNoAgency     Code = "file.no_agency"     // lies beside the agencies' folders
	FileDuplicate    Code = "file.duplicate"     // the same content was received before
	FileWithdrawn    Code = "file.withdrawn"     // inbox copy is gone

	FileMember         Code = "file.member"          // of an archive, of a kind that is not read
	FilePassword       Code = "file.password"        // protected by a secret that is not known here
	FileBomb           Code = "file.bomb"            // unpacked, out of all proportion
	FilePartUnsafe     Code = "file.part_unsafe"     // a container's entry that is a link, or has a path that leads out
	FilePartRepeated   Code = "file.part_repeated"   // two entries of a container with one name
	FileContainerFalse Code = "file.container_false" // a container whose directory and entries do not agree
	FileDoctype        Code = "file.doctype"         // a part that declares a document type
	FileMacros         Code = "file.macros"          // a workbook with macros
	FileExternalLinks  Code = "file.external_links"  // a workbook that refers to other files
	SheetSkipped       Code = "sheet.skipped"        // a chart or a dialogue in a workbook's list of sheets

	SourceUnknown  Code = "source.unknown"  // no mapping recognises any table of the file
	VintageUnknown Code = "vintage.unknown" // a known source, a header of no known vintage
	SheetUnmapped  Code = "sheet.unmapped"  // a sheet with cells that no mapping recognises
	SheetEmpty     Code = "sheet.empty"     // a sheet without cells, or a table without rows

	ColumnMissing Code = "column.missing" // the mapping names a column that is not there
	ColumnExtra   Code = "column.extra"   // a column that the mapping does not name
	RowRagged     Code = "row.ragged"     // more cells than the header has columns
	RowTooLong    Code = "row.too_long"   // a line or a cell over the limit

	CodeUnmapped   Code = "code.unmapped"      // no code for this value
	ValueMissing   Code = "value.missing"      // a required value is blank
	ValueNotCount  Code = "value.not_a_count"  // not a whole number, or below zero
	ValueNotNumber Code = "value.not_a_number" // not a number
	ValueNotYear   Code = "value.not_a_year"   // not a year from 1900 to 2100
	ValueNotDate   Code = "value.not_a_date"   // not a date in the form the mapping states
	ValueNotPeriod Code = "value.not_a_period" // not a year or a part of one
	ValueNotAge    Code = "value.not_an_age"   // not an age or a band of ages
	ValueRange     Code = "value.out_of_range" // outside what the field can hold
	ValueMojibake  Code = "value.mojibake"     // text broken by a wrong encoding
	ValueRepaired  Code = "value.repaired"     // mojibake that a named rule could undo
	KeyDuplicate   Code = "key.duplicate"      // the same key twice with the same value
	KeyConflict    Code = "key.conflict"       // the same key twice with different values
	TotalDiffers   Code = "total.differs"      // a total that its parts do not add up to
	ValueBlank     Code = "value.blank"        // an expected value is blank; the row is loaded

	ValueNotCalculated Code = "value.not_calculated" // a formula saved without its result
	FileUnreadable     Code = "file.unreadable"      // in the drop folder, but it cannot be opened or read
	FileStopped        Code = "file.stopped"         // its reading took too much, or ended before its end
	FileAgreement      Code = "file.agreement"       // of an agency without an agreement that holds
	AgreementEnds      Code = "agreement.ends"       // within a month
	AgreementEnded     Code = "agreement.ended"      // or there is none, and one is required
	FileSource         Code = "file.source"          // of a source that its agency does not send

	TemplateUnknown Code = "template.unknown" // a stamp of a form that is not known
	TemplateVersion Code = "template.version" // a stamp of another version of the form
	TemplateAnswer  Code = "template.answer"  // an answer on the first sheet cannot be read, or is missing
	TemplateNone    Code = "template.none"    // it says that there were no cases, and has some

	SubmissionKind     Code = "submission.kind_unreadable"   // what kind of submission it is cannot be read
	SubmissionPeriod   Code = "submission.period_unreadable" // which period it replaces cannot be read, or is not said
	SubmissionConflict Code = "submission.kind_conflict"     // the file and its folder name two kinds
	SubmissionUnfit    Code = "submission.kind_unfit"        // a table without records cannot be of this kind
	SubmissionWaits    Code = "submission.waits"             // a full replacement that removes too much
	SubmissionReplaced Code = "submission.replaced"          // records that a full replacement removed
	RecordUnknown      Code = "record.unknown"               // a correction of a record that nobody sent

	MappingSyntax       Code = "mapping.syntax"        // not YAML, or a word the language lacks
	MappingField        Code = "mapping.unknown_field" // no such field in the target
	MappingTarget       Code = "mapping.unknown_target"
	MappingCodes        Code = "mapping.unknown_codes" // no such code list or codes file
	MappingCode         Code = "mapping.unknown_code"  // a codes file names a code its list lacks
	MappingRule         Code = "mapping.unknown_rule"
	MappingRepeated     Code = "mapping.repeated" // two entries for one thing
	MappingIncomplete   Code = "mapping.incomplete"
	ConfigSyntax        Code = "config.syntax"
	HomeKeyMissing      Code = "home.key_missing"
	HomeReadOnly        Code = "home.read_only"
	HomeDiskFull        Code = "home.disk_full"
	HomeLocked          Code = "home.locked"
	HomeNewer           Code = "home.newer"
	BalanceBroken       Code = "balance.broken" // read is not loaded + rejected + skipped: a bug of ours
	LakeEntryUnreadable Code = "lake.unreadable"
	TelemetryUnsent     Code = "telemetry.unsent" // somebody who is to be told of runs was not

	ReviewSheet    Code = "review.sheet"    // no sheet of a workbook to read verdicts from
	ReviewPair     Code = "review.pair"     // a pair number that nobody was asked about
	ReviewChanged  Code = "review.changed"  // a row's cells are not those of its pair number
	ReviewVerdict  Code = "review.verdict"  // a word that is no verdict
	ReviewRepeated Code = "review.repeated" // one pair number on two rows, with two verdicts

	LinkReleased Code = "link.released" // rows of an anonymised or synthetic release
	LinkColumn   Code = "link.column"   // a column that is named is not there, or is there twice
	LinkID       Code = "link.id"       // a record without an id, or two with the same
	LinkSyntax   Code = "link.syntax"   // link.yaml cannot be used
	LinkNothing  Code = "link.nothing"  // no column to link by
	LinkTruth    Code = "link.truth"    // the truth cannot be read
	LinkModel    Code = "link.model"    // a model that is none, or that cannot be right

	SnapshotUnreadable Code = "snapshot.unreadable" // current leads to no whole snapshot
	MappingUnreadable  Code = "mapping.unreadable"  // the folder or a file of it cannot be read
)

// Codes is every code with its meaning and advice. A test holds it, the constants and
// docs/diagnostics.md in step.
var Codes = map[Code]Entry{
	FileUnsafe:       {Error, "The file is not a plain file of its own (a link, a device, or a second name of another file).", "Copy the file itself into the folder."},
	FileChanging:     {Warning, "The file changed while it was being copied.", "Nothing: it stays in the folder and the next run takes it."},
	FileTooLarge:     {Error, "The file is larger than this home accepts.", "Send it in parts, or ask for the limit to be raised (intake.max_file_mib)."},
	FileEmpty:        {Error, "The file has no content.", "Check that the export finished, and send it again."},
	FileDamaged:      {Error, "The file is damaged and cannot be read to its end.", "Open it, save it again, and send the new copy."},
	FileFormat:       {Error, "This kind of file is not read.", "Save it as .xlsx or .csv and send that."},
	FileEncoding:     {Error, "Some bytes are not text in the encoding of the file.", "Save the file as CSV UTF-8 and send it again."},
	FileEncodingUsed: {Info, "The file is not UTF-8; its encoding was found from its bytes.", "Nothing, if names with accents look right. Else save as CSV UTF-8."},
	FileNoAgency:     {Warning, "The file lies beside the agencies' folders, so nobody knows whose it is.", "Move it into the folder of the agency that sent it."},
	FileDuplicate:    {Info, "The same content was received before and is counted once.", "Nothing."},
	FilePassword:     {Error, "The file is protected by a password or a key that is not known here.", "Do not send it again without protection. Agree on the password with the agency by another way, and put it into the file that `agencies.<folder>.open_with` of palermo.yaml names; the next run reads the file."},
	FileMember:       {Warning, "A file in an archive is of a kind that is not read; the others are.", "Nothing, if it only explains the others. Else send it as .xlsx, .ods or .csv."},
	FileWithdrawn:    {Error, "The received copy is no longer in the inbox.", "Restore the inbox from its backup, or send the file again."},

	FileBomb:           {Error, "Unpacked, the file would be far larger than any honest file of its size.", "Delete the empty rows, columns and formats below and beside the data, save the file as .xlsx, and send the new copy."},
	FilePartUnsafe:     {Error, "The file is a container, and an entry of it is a link or has a path that leads out of it.", "Open it in the program that made it, save it as a new .xlsx or .zip, and send that."},
	FilePartRepeated:   {Error, "The file is a container, and two of its entries have one name, so it is not clear which is meant.", "Open it in a spreadsheet program, save it as a new .xlsx, and send that. In a .zip, give each file a name of its own."},
	FileContainerFalse: {Error, "The file is a container, and what it says of its entries is not so.", "Open it in the program that made it, save it under a new name, and send the new copy."},
	FileDoctype:        {Error, "A part of the workbook declares a document type, which no spreadsheet program writes.", "Open it in a spreadsheet program, save it as a new .xlsx, and send that."},
	FileMacros:         {Info, "The workbook holds macros. They are never run.", "Nothing. Sent as .xlsx, it would have none."},
	FileExternalLinks:  {Info, "The workbook refers to other files. They are not opened; values are those that were saved.", "Nothing, if the values are right. Else open it with the other files at hand, save it, and send the new copy."},

	SourceUnknown:  {Error, "No table in the file has a header that a mapping knows.", "Run `palermo inspect FILE` to see what was found; a new source needs a folder under mappings/."},
	VintageUnknown: {Error, "The file looks like a known source, but its header is of no known vintage.", "Run `palermo inspect FILE`; add a tables entry for the new header."},
	SheetUnmapped:  {Warning, "A sheet has cells, but no mapping knows its header; it was not loaded.", "Nothing, if it only explains the others. Else add it to the mapping."},
	SheetEmpty:     {Info, "A sheet or a table has no rows below its header.", "Nothing."},
	SheetSkipped:   {Info, "The workbook lists a chart, a dialogue or a sheet of macros among its sheets; it has no cells and was skipped.", "Nothing."},

	ColumnMissing: {Error, "A column that the mapping names is not in the table.", "Check the header; if the source changed its form, the mapping needs a new vintage."},
	ColumnExtra:   {Warning, "A column of the table is not named in the mapping; it was not loaded.", "Add it to the mapping, or list it under ignore."},
	RowRagged:     {Error, "A row has more cells than the header has columns, so it is not clear which is which.", "Look for a stray separator in the row, and mend it in the source."},
	RowTooLong:    {Error, "A row or a cell is longer than the limit.", "Look for an unclosed quotation mark."},

	CodeUnmapped:   {Warning, "There is no code for this value.", "Add the value to the codes file of the mapping, with its code, or mend the cell."},
	ValueMissing:   {Error, "A value that the row cannot do without is blank.", "Fill in the cell."},
	ValueNotCount:  {Error, "This is not a whole number of zero or more.", "Correct the cell."},
	ValueNotNumber: {Error, "This is not a number.", "Correct the cell."},
	ValueNotYear:   {Error, "This is not a year between 1900 and 2100.", "Correct the cell."},
	ValueNotDate:   {Error, "This is not a date in the form that the mapping states.", "Write the date in the form the source uses elsewhere."},
	ValueNotPeriod: {Error, "This is not a year, nor months or days of one, that can be read without guessing.", "Write the months by name, or the days in the form that the mapping states."},
	ValueNotAge:    {Error, "This is not an age, nor a band of ages.", "Correct the cell."},
	ValueRange:     {Error, "The value is outside what the field can hold.", "Correct the cell."},
	ValueMojibake:  {Warning, "The text was broken by a wrong encoding before it reached us, and letters are lost.", "Ask the publisher for the original, or add the broken form to the codes file where it is certain."},
	ValueRepaired:  {Info, "The text was broken by a wrong encoding; the rule named in the mapping undid it.", "Nothing."},
	KeyDuplicate:   {Warning, "Two rows have the same key and the same value; both are kept.", "Nothing, unless the source should not repeat itself."},
	KeyConflict:    {Warning, "Two rows have the same key and different values; both are kept.", "Ask the publisher which is right; until then use neither as the only one."},
	TotalDiffers:   {Warning, "A row is a total of others in its table, and they do not add up to it; all are kept.", "Ask the publisher which is right; until then use neither as the only one."},
	ValueBlank:     {Warning, "A value that one would expect is blank; the row is loaded without it.", "Fill in the cell, or use the publisher's own file, if this copy lost it."},

	ValueNotCalculated: {Warning, "The cell holds a formula, but the file was saved without its result; it is read as blank.", "Open the file in a spreadsheet program, save it, and send the new copy."},
	FileStopped:        {Error, "Reading the file took more memory or time than it may, or stopped before its end. Nothing of it was taken; the other files were.", "Save the file again in a spreadsheet program and send that. If it is a large file in good order, raise intake.worker_mib or intake.worker_seconds and run once with --full."},
	FileAgreement:      {Error, "The file is of an agency that has no data-sharing agreement that holds (agreements.yaml). Nothing of it was loaded; it waits.", "Renew the agreement and note it in agreements.yaml; the next run takes the file. Else palermo withdraw."},
	AgreementEnds:      {Warning, "A data-sharing agreement ends within a month. From the day after its last on, new files of its agency are set aside.", "Renew it, and note the new one in agreements.yaml."},
	AgreementEnded:     {Error, "A data-sharing agreement has ended, or an agency has none and agreements.yaml requires one. New files of the agency are set aside; what was loaded before stays.", "Renew it, and note the new one in agreements.yaml; or palermo purge and palermo withdraw what may no longer be kept."},
	FileSource:         {Error, "The file is of a source that this agency is not listed to send (agencies.FOLDER.sources). Nothing of it was loaded.", "Check who sent it. If it is right, add the source in palermo.yaml; the next run takes the file. Else palermo withdraw."},
	FileUnreadable:     {Error, "The file or folder cannot be opened or read.", "Check its permissions; it stays in the folder and the next run tries again."},

	TemplateUnknown: {Warning, "The file is a template of palermo, of a source or a form that is not known here; its sheets are read as those of any file.", "Send the agency the template of its source: palermo template SOURCE. Where another palermo made it, look which mappings that has."},
	TemplateVersion: {Warning, "The file is a template of another version than the one that is given out now; it was read by what stands in its headers and cells.", "Nothing, where nothing else was found. Send the agency the newest template."},
	TemplateAnswer:  {Warning, "An answer on the first sheet of a template cannot be read, or the period is missing for which it says that there were no cases.", "Ask the agency to fill in the first sheet again: days as year-month-day, and words from the lists."},
	TemplateNone:    {Warning, "The first sheet of a template says that there were no cases in the period, and its other sheets have some; they were loaded.", "Ask the agency which is meant."},

	SubmissionKind:     {Error, "The file says of what kind it is in words that have no code; it is taken as adding and updating, and removes nothing.", "Mend the cell, or put the file again into a folder that names the kind; see docs/submissions.md."},
	SubmissionPeriod:   {Error, "A full replacement does not say which period it replaces in a form that can be read; it is taken as adding and updating, and removes nothing.", "Name the first and last day; see docs/submissions.md."},
	SubmissionConflict: {Warning, "The file says that it is of one kind, and lay in a folder that names another; the folder is followed.", "Look which is meant; if the folder was wrong, put the file again into the right one."},
	SubmissionUnfit:    {Warning, "The table holds no case records, so that nothing of it can be corrected, replaced or taken back; it is loaded as it is.", "Nothing, or send the file again outside the folder that names a kind."},
	SubmissionWaits:    {Error, "A full replacement would remove more than a fifth of the records that it can replace. It waits, and the last state stands.", "Ask the agency. `palermo confirm SUBMISSION` lets the next run take it; `palermo withdraw SUBMISSION` takes it back."},
	SubmissionReplaced: {Info, "A full replacement lacks records of its period; they are no longer current.", "Nothing, if the agency meant to remove them. A later file that has them brings them back."},
	RecordUnknown:      {Warning, "A correction names a record that was not received before; it is loaded as a new one.", "Ask the agency whether the case reference is right, or whether an earlier file is missing."},

	MappingSyntax:      {Error, "The mapping is not YAML, or uses a word that the mapping language does not have.", "See docs/mapping.md."},
	MappingField:       {Error, "The mapping names a field that its target table does not have.", "Run `palermo schema TABLE` for the fields."},
	MappingTarget:      {Error, "The mapping names a target table that does not exist.", "Run `palermo schema` for the tables."},
	MappingCodes:       {Error, "The mapping names a codes file that does not exist.", "Add codes/NAME.csv beside the mapping."},
	MappingCode:        {Error, "A codes file names a code that the field's code list does not have.", "Run `palermo schema --codes LIST` for the codes."},
	MappingRule:        {Error, "The mapping names a rule that does not exist.", "See docs/mapping.md for the rules."},
	MappingRepeated:    {Error, "The mapping says the same thing twice.", "Remove one of the two."},
	MappingIncomplete:  {Error, "The mapping leaves out something that it must say.", "See docs/mapping.md."},
	ConfigSyntax:       {Error, "palermo.yaml or agreements.yaml is not YAML, or says something that cannot be.", "See docs/config.md."},
	HomeKeyMissing:     {Error, "The home has published snapshots, but its key is gone.", "Restore vault/key from its backup, or set PALERMO_KEY_FILE. A new key would break every link to earlier data."},
	HomeReadOnly:       {Error, "The home cannot be written to.", "Check the owner and the permissions of the folder."},
	HomeDiskFull:       {Error, "The disk is full, or a limit on the size of files is reached.", "Free some space and run again; the last published snapshot is untouched."},
	HomeLocked:         {Error, "Another run is at work in this home.", "Wait for it to end."},
	HomeNewer:          {Error, "A later version of palermo has written to the home.", "Run that version, or a later one."},
	BalanceBroken:      {Error, "Rows read are not rows loaded, rejected and skipped: a bug of palermo.", "Please report it, with the counts."},
	SnapshotUnreadable: {Warning, "The current snapshot is not there or its manifest is torn; a new one is published in its place.", "Check the disk."},
	MappingUnreadable:  {Error, "A mapping, or the folder that mappings are looked for in, cannot be read.", "Check the path and its permissions."},
	ReviewSheet:        {Error, "No sheet has the columns Pair, Verdict and Reason in its first row, so no verdict can be read.", "Give back the workbook that `palermo review export` wrote, as .xlsx, with its first row as it was."},
	ReviewPair:         {Error, "The pair number is not one that this home has asked about; the row is not read.", "Copy the number from the workbook that was given out. Numbers of another home mean nothing here."},
	ReviewChanged:      {Error, "The row's cells are not those that were given out with its pair number; the row is not read.", "Perhaps some columns were sorted without the others. Take a fresh workbook, and copy the verdicts by hand."},
	ReviewVerdict:      {Error, "The word is no verdict; the row is not read.", "Write same, different or unsure."},
	ReviewRepeated:     {Error, "The same pair number stands on two rows with two verdicts; neither is read.", "Leave the right one, and import the workbook again."},

	LinkReleased: {Error, "The rows are of an anonymised or synthetic release: they are nobody's records, and a link between two of them is of no persons.", "Link the records that the release was made from, where you may."},
	LinkColumn:   {Error, "A column that is named is not in the file, or stands in it twice.", "Check the header of the file against --id, --truth and link.yaml."},
	LinkID:       {Error, "A record has no id, or two records of a list have the same.", "Name another column with --id, or number the records."},
	LinkSyntax:   {Error, "link.yaml is not YAML, or says something that linkage does not know.", "See docs/link.md."},
	LinkNothing:  {Error, "No column says anything by which records could be linked.", "Name the fields in a link.yaml (--config); see docs/link.md."},
	LinkTruth:    {Error, "The truth cannot be read, or knows none of the records.", "Give a column of the file, or a CSV with the columns id and cluster, or id_l and id_r."},
	LinkModel:    {Error, "The model cannot be read, or what was fitted cannot be right.", "Look at the comparison named; --verbose prints m and u. Leave it out of link.yaml, or give it other levels."},

	LakeEntryUnreadable: {Warning, "What an earlier run kept of a submission cannot be read; it was made again.", "Nothing, unless it happens again: then check the disk."},
	TelemetryUnsent:     {Warning, "Somebody who is to be told how runs went could not be: a file, or an address under telemetry in palermo.yaml.", "Check the setting and the network; the run itself is not touched by it."},
}
