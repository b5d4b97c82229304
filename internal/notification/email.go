package notification

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"mime"
	"net"
	"net/mail"
	"net/smtp"
	"net/textproto"
	"strings"
	"time"
	"unicode/utf8"
)

// isAddress reports whether a text is one bare e-mail address, which cannot end a header's line.
func isAddress(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s && a.Name == ""
}

// maskedEmail shows the first character and the domain: "z***@example.cn".
func maskedEmail(s string) string {
	local, domain, ok := strings.Cut(s, "@")
	if !ok || local == "" {
		return "***"
	}
	_, size := utf8.DecodeRuneInString(local)
	return local[:size] + "***@" + domain
}

// Mail sends e-mails by SMTP. The server offers TLS, or nothing is sent: Insecure is for one on the same machine.
type Mail struct {
	Server   string // "smtp.example.cn:587"
	From     string // a bare address
	User     string // "" signs in as nobody
	Password string
	Insecure bool
	Clock    func() time.Time
	Roots    *tls.Config // of tests; nil trusts the system's authorities
}

var errNoTLS = errors.New("the mail server offers no TLS")

// Send sends an e-mail. A message's id holds the parcel's, so that what comes twice is known.
func (m Mail) Send(ctx context.Context, p Parcel) (string, error) {
	to := p.Address.Plain()
	if !isAddress(to) {
		return "", Refused(errors.New("the address is no e-mail address"))
	}
	host, _, err := net.SplitHostPort(m.Server)
	if err != nil {
		return "", fmt.Errorf("the mail server's address: %w", err)
	}
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", m.Server)
	if err != nil {
		return "", fmt.Errorf("reaching the mail server: %w", err)
	}
	defer conn.Close()
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return "", fmt.Errorf("limiting a mail's time: %w", err)
		}
	}
	client, err := smtp.NewClient(conn, host)
	if err != nil {
		return "", fmt.Errorf("greeting the mail server: %w", err)
	}
	defer client.Close()
	reference := fmt.Sprintf("<dajiuzhu-%d@%s>", p.ID, host)
	if err := m.hand(client, host, to, m.letter(reference, to, p)); err != nil {
		var answer *textproto.Error
		if errors.As(err, &answer) && answer.Code >= 550 && answer.Code <= 554 {
			return "", Refused(err)
		}
		return "", err
	}
	return reference, nil
}

func (m Mail) hand(client *smtp.Client, host, to string, letter []byte) error {
	if ok, _ := client.Extension("STARTTLS"); ok {
		config := &tls.Config{MinVersion: tls.VersionTLS12}
		if m.Roots != nil {
			config = m.Roots.Clone()
		}
		config.ServerName = host
		if err := client.StartTLS(config); err != nil {
			return fmt.Errorf("securing the way to the mail server: %w", err)
		}
	} else if !m.Insecure {
		return errNoTLS
	}
	if m.User != "" {
		if err := client.Auth(smtp.PlainAuth("", m.User, m.Password, host)); err != nil {
			return fmt.Errorf("signing in at the mail server: %w", err)
		}
	}
	if err := client.Mail(m.From); err != nil {
		return fmt.Errorf("naming the sender: %w", err)
	}
	if err := client.Rcpt(to); err != nil {
		return fmt.Errorf("naming the recipient: %w", err)
	}
	w, err := client.Data()
	if err != nil {
		return fmt.Errorf("sending a mail: %w", err)
	}
	if _, err := w.Write(letter); err != nil {
		return fmt.Errorf("sending a mail: %w", err)
	}
	if err := w.Close(); err != nil {
		return fmt.Errorf("sending a mail: %w", err)
	}
	_ = client.Quit() // it was taken
	return nil
}

// letter is the mail as it goes over the wire.
func (m Mail) letter(reference, to string, p Parcel) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "From: %s\r\nTo: %s\r\nSubject: %s\r\nDate: %s\r\nMessage-ID: %s\r\n", m.From, to, mime.BEncoding.Encode("utf-8", p.Title),
		m.Clock().Format(time.RFC1123Z), reference)
	b.WriteString("MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\nAuto-Submitted: auto-generated\r\n\r\n")
	text := base64.StdEncoding.EncodeToString([]byte(p.Text))
	for len(text) > 76 {
		b.WriteString(text[:76] + "\r\n")
		text = text[76:]
	}
	b.WriteString(text + "\r\n")
	return b.Bytes()
}
