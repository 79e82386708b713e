// Package e2e uses PayAid as people do: the real program in a process of its
// own, a real Chromium before it.
package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// suite is what all tests share: the program, one running copy of it with the
// demo business, and one browser.
var suite struct {
	binary  string
	app     *process
	browser context.Context
}

func TestMain(m *testing.M) { os.Exit(runSuite(m)) }

func runSuite(m *testing.M) int {
	dir, err := os.MkdirTemp("", "payaid-e2e-")
	if err != nil {
		return fail(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	suite.binary = filepath.Join(dir, "payaid")
	if out, err := exec.Command("go", "build", "-o", suite.binary, "../cmd/web").CombinedOutput(); err != nil {
		return fail(fmt.Errorf("build the program: %w\n%s", err, out))
	}
	suite.app, err = start(filepath.Join(dir, "data"), "PAYAID_DEMO=true")
	if err != nil {
		return fail(err)
	}
	defer suite.app.stop()
	closeBrowser, err := openBrowser(filepath.Join(dir, "chromium"))
	if err != nil {
		return fail(err)
	}
	defer closeBrowser()
	return m.Run()
}

func fail(err error) int {
	fmt.Fprintln(os.Stderr, "e2e:", err)
	return 1
}

func openBrowser(profile string) (func(), error) {
	path, err := findBrowser()
	if err != nil {
		return nil, err
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.UserDataDir(profile), chromedp.WindowSize(1440, 900), chromedp.WSURLReadTimeout(time.Minute),
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
	alloc, cancelAlloc := chromedp.NewExecAllocator(context.Background(), opts...)
	browser, cancel := chromedp.NewContext(alloc, chromedp.WithErrorf(func(string, ...any) {}))
	if err := chromedp.Run(browser); err != nil {
		cancelAlloc()
		return nil, fmt.Errorf("start the browser: %w", err)
	}
	suite.browser = browser
	return func() { cancel(); cancelAlloc() }, nil
}

func findBrowser() (string, error) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("no Chromium on PATH: `make test` installs it, or apt-get install chromium")
}
