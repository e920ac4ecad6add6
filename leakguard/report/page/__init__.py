"""What the HTML page is made of: the words, numbers and drawings of the server side, and the page's own files."""
