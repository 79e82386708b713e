package handlers

import "github.com/gofiber/fiber/v2"

// App returns the Fiber application, to send it requests without a network.
func (w *Web) App() *fiber.App { return w.app }
