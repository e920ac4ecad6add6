"""What changes add: joins the texts of a commit or a push with detection."""
