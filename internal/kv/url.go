package kv

import (
	"crypto/tls"
	"errors"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

const (
	serverPort   = "6379"
	sentinelPort = "26379"
)

var errForm = errors.New("want redis://host:6379/0, rediss://…, unix:///path/to/socket, redis+sentinel://host1,host2/0?master=name " +
	"or redis+cluster://host1,host2; special characters in a password are written as %XX")

// parse reads where to connect to; its errors never quote the URL.
func parse(raw string) (*redis.UniversalOptions, error) {
	scheme, rest, ok := strings.Cut(raw, "://")
	if !ok {
		return nil, errForm
	}
	// net/url refuses a list of hosts with ports, so the hosts are cut out and one name is left in their place.
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	userEnd := strings.LastIndex(rest[:end], "@") + 1
	hosts := rest[userEnd:end]
	u, err := url.Parse(scheme + "://" + rest[:userEnd] + "hosts" + rest[end:])
	if err != nil || u.Fragment != "" {
		return nil, errForm
	}
	opt := &redis.UniversalOptions{Username: u.User.Username()}
	opt.Password, _ = u.User.Password()
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, errForm
	}

	kind, secure := strings.CutPrefix(scheme, "rediss")
	if !secure {
		kind, ok = strings.CutPrefix(scheme, "redis")
		if !ok && scheme != "unix" {
			return nil, errForm
		}
	}
	switch kind {
	case "unix":
		err = unixSocket(opt, hosts, u.Path, query)
	case "":
		err = singleServer(opt, hosts, u.Path, query)
	case "+sentinel":
		err = sentinel(opt, hosts, u.Path, query)
	case "+cluster":
		err = cluster(opt, hosts, u.Path, query)
	default:
		err = errForm
	}
	if err != nil {
		return nil, err
	}
	if secure {
		opt.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12} // the name to verify is the dialled host's
	}
	return opt, nil
}

func unixSocket(opt *redis.UniversalOptions, hosts, path string, query url.Values) error {
	if hosts != "" || path == "" || strings.HasSuffix(path, "/") {
		return errors.New("unix:// needs the absolute path of a socket, as in unix:///run/redis.sock")
	}
	if err := onlyParameters(query, "db"); err != nil {
		return err
	}
	opt.Addrs = []string{path}
	return setDatabase(opt, query.Get("db"))
}

func singleServer(opt *redis.UniversalOptions, hosts, path string, query url.Values) error {
	if err := onlyParameters(query); err != nil {
		return err
	}
	if strings.Contains(hosts, ",") {
		return errors.New("several hosts need redis+sentinel:// or redis+cluster://")
	}
	if err := setAddresses(opt, hosts, serverPort); err != nil {
		return err
	}
	return setDatabase(opt, strings.TrimPrefix(path, "/"))
}

func sentinel(opt *redis.UniversalOptions, hosts, path string, query url.Values) error {
	if err := onlyParameters(query, "master", "sentinel_username", "sentinel_password"); err != nil {
		return err
	}
	opt.MasterName = query.Get("master")
	if opt.MasterName == "" {
		return errors.New("redis+sentinel:// needs ?master= with the name Sentinel knows the master by")
	}
	opt.SentinelUsername = query.Get("sentinel_username")
	opt.SentinelPassword = query.Get("sentinel_password")
	if err := setAddresses(opt, hosts, sentinelPort); err != nil {
		return err
	}
	return setDatabase(opt, strings.TrimPrefix(path, "/"))
}

func cluster(opt *redis.UniversalOptions, hosts, path string, query url.Values) error {
	if err := onlyParameters(query); err != nil {
		return err
	}
	if db := strings.TrimPrefix(path, "/"); db != "" && db != "0" {
		return errors.New("a Redis Cluster has only database 0")
	}
	opt.IsClusterMode = true
	return setAddresses(opt, hosts, serverPort)
}

func setAddresses(opt *redis.UniversalOptions, hosts, defaultPort string) error {
	for host := range strings.SplitSeq(hosts, ",") {
		addr, err := address(host, defaultPort)
		if err != nil {
			return err
		}
		opt.Addrs = append(opt.Addrs, addr)
	}
	return nil
}

// address adds the default port to a host name, an IPv4 address or an IPv6 address in brackets.
func address(host, defaultPort string) (string, error) {
	if !strings.Contains(host, ":") || strings.HasSuffix(host, "]") {
		host += ":" + defaultPort
	}
	name, port, err := net.SplitHostPort(host)
	if err != nil || name == "" {
		return "", errors.New("a host is missing or not written as host:port; special characters in a password are written as %XX")
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return "", errors.New("a port is not a number from 1 to 65535; special characters in a password are written as %XX")
	}
	return net.JoinHostPort(name, port), nil
}

func setDatabase(opt *redis.UniversalOptions, db string) error {
	if db == "" {
		return nil
	}
	n, err := strconv.Atoi(db)
	if err != nil || n < 0 {
		return errors.New("the database must be a number, as in redis://host:6379/0")
	}
	opt.DB = n
	return nil
}

func onlyParameters(query url.Values, known ...string) error {
	found := 0
	for _, name := range known {
		if query.Has(name) {
			found++
		}
	}
	switch {
	case found == len(query):
		return nil
	case len(known) == 0:
		return errors.New("this form takes no parameters after the question mark")
	default:
		return errors.New("unknown parameter after the question mark; known here: " + strings.Join(known, ", "))
	}
}
