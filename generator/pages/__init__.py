"""What all pages of HTML share: the frame with its style, its script and its policy."""
