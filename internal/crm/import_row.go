package crm

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"payaid/internal/apperr"
	"payaid/internal/auth"
)

// importRow is one row of a file, read as a contact.
type importRow struct {
	line     int64
	cells    []string
	values   map[string]string // by field, those that are not empty
	input    ContactInput      // the contact that the row alone would make
	problems []apperr.Detail   // why it cannot
}

// rowReader turns rows of one file into contacts.
type rowReader struct {
	width  int // columns of the header
	fields []fieldColumns
	p      auth.Principal
}

func newRowReader(p auth.Principal, columns []ImportColumn) *rowReader {
	return &rowReader{width: len(columns), fields: columnsByField(columns), p: p}
}

func (r *rowReader) read(row csvRow) importRow {
	out := importRow{line: row.line, cells: row.cells[:min(len(row.cells), maxColumns)]}
	if row.problem != "" {
		out.problems = []apperr.Detail{{Message: row.problem}}
		return out
	}
	for _, extra := range row.cells[min(len(row.cells), r.width):] {
		if strings.TrimSpace(extra) != "" {
			out.problems = []apperr.Detail{{Message: "This row has more cells than the first line has columns. A cell that holds the separator needs quotation marks."}}
			return out
		}
	}
	out.values = r.values(row.cells)
	out.input, out.problems = contactFromValues(out.values, Contact{OwnerID: r.p.User()})
	return out
}

// values collects what the cells say about each field. Missing cells are empty.
func (r *rowReader) values(cells []string) map[string]string {
	v := map[string]string{}
	for _, f := range r.fields {
		for _, i := range f.columns {
			if i >= len(cells) {
				continue
			}
			cell := cleanCell(f.field, cells[i])
			switch {
			case cell == "":
			case v[f.field] == "":
				v[f.field] = cell
			case f.field == fieldAddressPart:
				v[f.field] += ", " + cell
			}
		}
	}
	foldName(v)
	if part := take(v, fieldAddressPart); part != "" && v["address"] == "" {
		v["address"] = part
	}
	return v
}

// multiValue separates several values in one cell of a Google export.
const multiValue = " ::: "

func cleanCell(field, cell string) string {
	cell = strings.TrimSpace(reveal(strings.TrimSpace(cell)))
	if slices.Contains([]string{"email", "phone", "company", "jobTitle", "address"}, field) {
		cell, _, _ = strings.Cut(cell, multiValue)
		cell = strings.TrimSpace(cell)
	}
	return cell
}

// foldName makes first and last name of what files have instead.
func foldName(v map[string]string) {
	whole, middle := take(v, fieldName), take(v, fieldMiddleName)
	if whole != "" && v["firstName"] == "" && v["lastName"] == "" {
		words := strings.Fields(whole)
		v["firstName"] = strings.Join(words[:max(1, len(words)-1)], " ")
		if len(words) > 1 {
			v["lastName"] = words[len(words)-1]
		}
		return
	}
	if middle != "" {
		v["firstName"] = strings.TrimSpace(v["firstName"] + " " + middle)
	}
}

func take(v map[string]string, field string) string {
	s := v[field]
	delete(v, field)
	return s
}

// roundedNumber is what Excel makes of a long number in a column of numbers.
var roundedNumber = regexp.MustCompile(`^\+?\d([.,]\d+)?[eE]\+?\d+$`)

// contactFromValues returns base with the values of a row laid over it, normalized,
// and every field that is refused.
func contactFromValues(v map[string]string, base Contact) (ContactInput, []apperr.Detail) {
	var bad apperr.Fields
	bad.Check(!roundedNumber.MatchString(v["phone"]), "phone", "The spreadsheet has rounded this number. Format the column as text and enter the number again.")
	in := patchFromValues(v, &bad).apply(base)
	in.normalize()
	if err := in.validate(); err != nil {
		for _, d := range apperr.From(err).Details {
			bad.Add(d.Field, d.Message)
		}
	}
	return in, bad.Details()
}

func patchFromValues(v map[string]string, bad *apperr.Fields) ContactPatch {
	text := func(field string) *string {
		if s, ok := v[field]; ok {
			return &s
		}
		return nil
	}
	p := ContactPatch{
		FirstName: text("firstName"), LastName: text("lastName"), Email: text("email"), Phone: text("phone"), Company: text("company"),
		JobTitle: text("jobTitle"), Source: text("source"), Address: text("address"), GSTIN: text("gstin"), Notes: text("notes"),
		Stage: text("stage"), Status: text("status"), Warmth: text("warmth"), NextFollowUp: text("nextFollowUp"),
	}
	if s, ok := v["tags"]; ok {
		tags := splitTags(s)
		p.Tags = &tags
	}
	if s, ok := v["leadScore"]; ok {
		n, err := strconv.Atoi(s)
		bad.Check(err == nil, "leadScore", "Choose a number from 0 to 100.")
		p.LeadScore = &n
	}
	if p.Stage != nil {
		if stage, ok := hubspotStages[columnKey(*p.Stage)]; ok {
			p.Stage = &stage
		}
	}
	return p
}

// hubspotStages are HubSpot's lifecycle stages, reduced by columnKey, in ours.
var hubspotStages = map[string]string{
	"subscriber": "prospect", "lead": "prospect", "marketingqualifiedlead": "prospect", "salesqualifiedlead": "prospect", "other": "prospect",
	"opportunity": "contact", "customer": "customer", "evangelist": "customer",
}

// splitTags splits at semicolons, else at commas. Google's own groups begin with a
// star, and everybody is in the one called myContacts.
func splitTags(s string) []string {
	separator := ","
	for _, other := range []string{multiValue, ";"} {
		if strings.Contains(s, other) {
			separator = other
			break
		}
	}
	var tags []string
	for tag := range strings.SplitSeq(s, separator) {
		tag = strings.TrimPrefix(strings.TrimSpace(tag), "* ")
		if tag != "" && tag != "myContacts" {
			tags = append(tags, tag)
		}
	}
	return tags
}

// merge returns the values of two rows of one contact: those of the later one,
// and the earlier one's where it has none.
func merge(earlier, later map[string]string) map[string]string {
	out := make(map[string]string, len(earlier)+len(later))
	maps.Copy(out, earlier)
	maps.Copy(out, later)
	return out
}
