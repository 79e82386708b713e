package sheet

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// numberFormat tells how a number is shown, as far as it matters: dates become
// YYYY-MM-DD whatever their style, so that nobody has to guess day and month.
type numberFormat struct {
	date, clock, percent bool
	digits               int // at least so many, filled up with zeros: 011 of a PIN code
}

// show writes a stored number for people, never with an exponent.
func (f numberFormat) show(value string, epoch int) string {
	n, err := strconv.ParseFloat(value, 64)
	if err != nil || math.IsInf(n, 0) || math.IsNaN(n) {
		return value
	}
	switch {
	case (f.date || f.clock) && n >= 0 && n < 2_958_466: // up to the year 9999
		return f.showTime(n, epoch)
	case f.percent:
		return strconv.FormatFloat(round(n*100), 'f', -1, 64) + "%"
	case math.Abs(n) >= 1e21:
		return value
	}
	s := strconv.FormatFloat(round(n), 'f', -1, 64)
	if missing := f.digits - len(s); missing > 0 && n >= 0 && !strings.Contains(s, ".") {
		s = strings.Repeat("0", missing) + s
	}
	return s
}

// round keeps the 15 digits that a spreadsheet shows: 0.1+0.2 is 0.3 there.
func round(n float64) float64 {
	out, err := strconv.ParseFloat(strconv.FormatFloat(n, 'g', 15, 64), 64)
	if err != nil {
		return n
	}
	return out
}

func (f numberFormat) showTime(n float64, epoch int) string {
	seconds := int64(math.Round(n * 86_400))
	at := time.Date(1899, 12, 30+epoch, 0, 0, 0, 0, time.UTC).Add(time.Duration(seconds) * time.Second)
	switch {
	case f.date && f.clock && seconds%86_400 != 0:
		return at.Format("2006-01-02 15:04:05")
	case f.date:
		return at.Format(time.DateOnly)
	}
	return at.Format(time.TimeOnly)
}

// formats reads the styles of cells, by number.
func (w workbook) formats() ([]numberFormat, error) {
	var styles struct {
		Codes []struct {
			ID   int    `xml:"numFmtId,attr"`
			Code string `xml:"formatCode,attr"`
		} `xml:"numFmts>numFmt"`
		Cells []struct {
			Format int `xml:"numFmtId,attr"`
		} `xml:"cellXfs>xf"`
	}
	if err := w.decode("xl/styles.xml", &styles); err != nil {
		return nil, err
	}
	codes := map[int]string{}
	for _, c := range styles.Codes {
		codes[c.ID] = c.Code
	}
	out := make([]numberFormat, len(styles.Cells))
	for i, c := range styles.Cells {
		if code, ok := codes[c.Format]; ok {
			out[i] = parseFormat(code)
		} else {
			out[i] = builtIn(c.Format)
		}
	}
	return out, nil
}

// builtIn are the formats that a workbook need not spell out (ECMA-376, 18.8.30).
func builtIn(id int) numberFormat {
	switch {
	case id >= 14 && id <= 17, id >= 27 && id <= 31, id >= 34 && id <= 36, id >= 50 && id <= 58:
		return numberFormat{date: true}
	case id == 22:
		return numberFormat{date: true, clock: true}
	case id >= 18 && id <= 21, id >= 45 && id <= 47, id == 32, id == 33:
		return numberFormat{clock: true}
	case id == 9 || id == 10:
		return numberFormat{percent: true}
	}
	return numberFormat{}
}

var (
	// literals of a format are no codes: quoted text, escaped characters, [Red], [$₹-4009].
	literals = regexp.MustCompile(`"[^"]*"|\\.|_.|\*.|\[[^\]]*\]`)
	zeros    = regexp.MustCompile(`^0{2,}$`)
)

func parseFormat(code string) numberFormat {
	code, _, _ = strings.Cut(literals.ReplaceAllString(code, ""), ";") // what follows is for negative numbers
	lower := strings.ToLower(code)
	if strings.Contains(lower, "general") {
		return numberFormat{}
	}
	f := numberFormat{
		date:    strings.ContainsAny(lower, "yd") || strings.Contains(lower, "m") && !strings.ContainsAny(lower, "hs0#"),
		clock:   strings.ContainsAny(lower, "hs"),
		percent: strings.Contains(lower, "%"),
	}
	if zeros.MatchString(code) {
		f.digits = len(code)
	}
	return f
}
