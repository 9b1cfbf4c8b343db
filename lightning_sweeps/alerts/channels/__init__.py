"""The built-in alert channels, one file each."""
