package auth

import "sync/atomic"

// CountHashes counts the password hashes that are made from now on, one after the
// other, until done is closed.
func (s *Service) CountHashes(done <-chan struct{}) *atomic.Int64 {
	slots, n := make(chan struct{}), &atomic.Int64{}
	s.hasher.slots = slots
	go func() {
		for {
			select {
			case <-slots: // a hash takes its place
				n.Add(1)
				slots <- struct{}{} // and gives it back
			case <-done:
				return
			}
		}
	}()
	return n
}

// Decoy is the hash that is tried for an e-mail without an account.
func (s *Service) Decoy() string { return s.decoy }
