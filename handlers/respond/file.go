package respond

// FileType is the content type of a file that is exported in the format, and how its
// name ends.
func FileType(format string) (contentType, ending string) {
	switch format {
	case "xlsx":
		return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".xlsx"
	case "vcard":
		return "text/vcard; charset=utf-8", ".vcf"
	}
	return "text/csv; charset=utf-8", ".csv"
}
