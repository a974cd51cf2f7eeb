"""What knows Flask: headers into a response, routing, the policies of views, the middleware around an application."""
