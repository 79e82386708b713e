package servertest

import (
	"bufio"
	"crypto/hmac"
	"crypto/md5" //nolint:gosec // CRAM-MD5 is made of it
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// Mail is what an SMTP server was handed.
type Mail struct {
	From, To string // of the envelope, in angle brackets
	Data     string // headers and body, with CRLF
}

// SMTPSink is a mail server that keeps what it takes. It speaks the SMTP of
// RFC 5321 over TCP, without TLS, and asks for no sign-in until RequireLogin.
type SMTPSink struct {
	Addr string // host:port

	mu    sync.Mutex
	mails []Mail
	fails int    // how many mails are still to be refused
	login string // user and password with a space between; "" asks for none
	open  map[net.Conn]bool
	done  sync.WaitGroup
}

// SMTP starts a sink that ends with the test.
func SMTP(t testing.TB) *SMTPSink {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &SMTPSink{Addr: l.Addr().String(), open: map[net.Conn]bool{}}
	s.done.Go(func() { s.accept(t, l) })
	t.Cleanup(func() {
		_ = l.Close()
		s.mu.Lock()
		for conn := range s.open {
			_ = conn.Close()
		}
		s.mu.Unlock()
		s.done.Wait()
	})
	return s
}

// URL is the address for PAYAID_SMTP_URL.
func (s *SMTPSink) URL() string { return "smtp://" + s.Addr }

// Refuse makes the server refuse the next n mails with "try again later".
func (s *SMTPSink) Refuse(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fails = n
}

// RequireLogin makes the server ask for a sign-in by CRAM-MD5 (RFC 2195), the one
// of which a password can go to this machine without TLS.
func (s *SMTPSink) RequireLogin(user, password string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.login = user + " " + password
}

// Mails returns what was taken so far.
func (s *SMTPSink) Mails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Mail(nil), s.mails...)
}

func (s *SMTPSink) accept(t testing.TB, l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return // closed
		}
		s.mu.Lock()
		s.open[conn] = true
		s.mu.Unlock()
		s.done.Go(func() {
			if err := s.talk(conn); err != nil && !hungUp(err) {
				t.Errorf("the SMTP sink: %v", err)
			}
			_ = conn.Close()
			s.mu.Lock()
			delete(s.open, conn)
			s.mu.Unlock()
		})
	}
}

// hungUp reports whether the other side, or the end of the test, ended the talk.
func hungUp(err error) bool {
	return slices.ContainsFunc([]error{io.EOF, net.ErrClosed, syscall.ECONNRESET, syscall.EPIPE}, func(end error) bool { return errors.Is(err, end) })
}

func (s *SMTPSink) talk(conn net.Conn) error {
	in := bufio.NewReader(conn)
	say := func(line string) error {
		_, err := io.WriteString(conn, line+"\r\n")
		return err
	}
	var m Mail
	login, known := s.wants(), false
	err := say("220 sink.test ESMTP")
	for err == nil {
		var line string
		if line, err = in.ReadString('\n'); err != nil {
			return err
		}
		line = strings.TrimRight(line, "\r\n")
		verb, rest, _ := strings.Cut(line, " ")
		switch strings.ToUpper(verb) {
		case "EHLO", "HELO":
			if login != "" {
				err = say("250-sink.test\r\n250-AUTH CRAM-MD5\r\n250 8BITMIME")
				continue
			}
			err = say("250-sink.test\r\n250 8BITMIME")
		case "AUTH":
			if known, err = signIn(in, say, login); err == nil && !known {
				err = say("535 5.7.8 user or password is wrong")
			} else if err == nil {
				err = say("235 welcome")
			}
		case "MAIL":
			if login != "" && !known {
				err = say("530 5.7.0 sign in first")
				continue
			}
			if s.refuses() {
				err = say("451 4.3.0 try again later")
				continue
			}
			m = Mail{From: address(rest)}
			err = say("250 ok")
		case "RCPT":
			m.To = address(rest)
			err = say("250 ok")
		case "DATA":
			if err = say("354 go on"); err == nil {
				if m.Data, err = readData(in); err == nil {
					s.take(m)
					err = say("250 taken")
				}
			}
		case "QUIT":
			return say("221 bye")
		case "NOOP", "RSET":
			err = say("250 ok")
		default:
			err = say("502 not known here")
		}
	}
	return err
}

// signIn has the client answer a CRAM-MD5 challenge.
func signIn(in *bufio.Reader, say func(string) error, login string) (known bool, err error) {
	const challenge = "<1896.697170952@sink.test>"
	if err := say("334 " + base64.StdEncoding.EncodeToString([]byte(challenge))); err != nil {
		return false, err
	}
	line, err := in.ReadString('\n')
	if err != nil {
		return false, err
	}
	user, password, _ := strings.Cut(login, " ")
	mac := hmac.New(md5.New, []byte(password))
	mac.Write([]byte(challenge))
	answer, err := base64.StdEncoding.DecodeString(strings.TrimSpace(line))
	return err == nil && string(answer) == user+" "+hex.EncodeToString(mac.Sum(nil)), nil
}

func (s *SMTPSink) wants() (login string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.login
}

// address reads "FROM:<a@b> BODY=8BITMIME".
func address(s string) string {
	_, s, _ = strings.Cut(s, ":")
	s, _, _ = strings.Cut(s, " ")
	return s
}

func readData(in *bufio.Reader) (string, error) {
	var b strings.Builder
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return "", err
		}
		if line == ".\r\n" {
			return b.String(), nil
		}
		b.WriteString(strings.TrimPrefix(line, "."))
	}
}

func (s *SMTPSink) refuses() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fails == 0 {
		return false
	}
	s.fails--
	return true
}

func (s *SMTPSink) take(m Mail) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mails = append(s.mails, m)
}
