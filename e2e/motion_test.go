package e2e

import (
	"testing"

	"github.com/chromedp/cdproto/emulation"
)

// slowest is the longest transition or animation that a style on the page gives, in
// seconds; a toast, a dialog and a bar of progress are put there to be counted.
const slowest = `(() => {
	const box = document.createElement('div');
	box.innerHTML = '<div class="toast"></div><div class="progress"><progress></progress></div><details class="more"><summary><i class="icon"></i></summary></details>';
	document.body.append(box);
	const seconds = (list) => list.split(',').map(s => parseFloat(s) * (s.trim().endsWith('ms') ? .001 : 1));
	let longest = 0;
	for (const e of document.querySelectorAll('*')) for (const part of [null, '::before', '::after', '::backdrop']) {
		const style = getComputedStyle(e, part);
		longest = Math.max(longest, ...seconds(style.transitionDuration), ...seconds(style.animationDuration));
	}
	const endless = [...box.querySelectorAll('*')].some(e => getComputedStyle(e).animationIterationCount === 'infinite');
	box.remove();
	return endless ? Infinity : longest;
})()`

// Who asks for less motion gets none that can be seen.
func TestReducedMotion(t *testing.T) {
	tb := newTab(t)
	tb.signIn("owner@demo.test")
	for _, path := range []string{"/contacts", "/contacts/new", "/settings/profile"} {
		for motion, still := range map[string]string{"reduce": "<= .01", "no-preference": "> .1"} {
			tb.do(emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: motion}}))
			tb.open(path)
			tb.wait(slowest + still)
		}
	}
}
