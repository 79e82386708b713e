package sheet

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// lines reads physical lines, and takes some back.
type lines struct {
	in   *bufio.Reader
	back []byte // lines that were given back, with their ends
	next int64  // number of the next line
}

func newLines(r io.Reader) *lines { return &lines{in: bufio.NewReaderSize(r, 32<<10), next: 1} }

// errLongLine tells that a line has more than maxRecord bytes. It has been read
// away.
var errLongLine = errors.New("sheet: this line is too long")

// read returns the next line with its end, or io.EOF behind the last one. With
// errLongLine comes its beginning.
func (l *lines) read() ([]byte, error) {
	if len(l.back) > 0 {
		line, _, found := bytes.Cut(l.back, []byte("\n"))
		if found {
			line = l.back[:len(line)+1]
			l.back = l.back[len(line):]
			l.next++
			return line, nil
		}
		l.back = nil // the file ended there
		l.next++
		return line, nil
	}
	var line []byte
	for {
		part, err := l.in.ReadSlice('\n')
		if len(line)+len(part) > maxRecord {
			l.next++
			return line[:min(len(line), 1000)], l.skip(err)
		}
		line = append(line, part...)
		switch {
		case err == nil, errors.Is(err, io.EOF) && len(line) > 0:
			l.next++
			return line, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		}
	}
}

// skip reads the rest of a line away.
func (l *lines) skip(err error) error {
	for errors.Is(err, bufio.ErrBufferFull) {
		_, err = l.in.ReadSlice('\n')
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return errLongLine
}

// unread takes whole lines back that were read last.
func (l *lines) unread(text []byte) {
	l.next -= int64(bytes.Count(text, []byte("\n")))
	if len(text) > 0 && text[len(text)-1] != '\n' {
		l.next--
	}
	l.back = append(bytes.Clone(text), l.back...)
}

func (l *lines) atEnd() bool {
	_, err := l.in.Peek(1)
	return len(l.back) == 0 && err != nil
}
