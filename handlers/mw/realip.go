package mw

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"
)

const ipKey = "ip"

// RealIP finds the caller's address. X-Forwarded-For is believed from the right
// as far as trusted proxies wrote it: what a caller puts there itself stands
// further left and counts for nothing.
func RealIP(trusted []netip.Prefix) fiber.Handler {
	return func(c *fiber.Ctx) error {
		ip := addrOf(c.Context().RemoteIP().String())
		hops := strings.Split(c.Get(fiber.HeaderXForwardedFor), ",")
		for i := len(hops) - 1; i >= 0 && contains(trusted, ip); i-- {
			hop := addrOf(strings.TrimSpace(hops[i]))
			if !hop.IsValid() {
				break
			}
			ip = hop
		}
		c.Locals(ipKey, ip.String())
		return c.Next()
	}
}

func addrOf(s string) netip.Addr {
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Addr{}
	}
	return a.Unmap()
}

func contains(trusted []netip.Prefix, ip netip.Addr) bool {
	return slices.ContainsFunc(trusted, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// IP returns the caller's address as RealIP found it.
func IP(c *fiber.Ctx) string {
	ip, _ := c.Locals(ipKey).(string)
	return ip
}
