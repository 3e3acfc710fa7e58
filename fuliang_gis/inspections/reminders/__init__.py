"""What a post should not forget: in the app, as a calendar feed and by e-mail."""
